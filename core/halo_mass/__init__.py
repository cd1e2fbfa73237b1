"""The mass of the halo of a particle: sub-boxes, mutual information and report."""
