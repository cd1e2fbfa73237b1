"""The N-body density from perturbation theory; density_gan builds on it."""
