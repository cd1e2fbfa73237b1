"""The N-body density from perturbation theory: fields, settings and report of density and density_gan."""
