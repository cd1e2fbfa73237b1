"""The mass of the halo of a particle: the recipe, its sub-boxes, mutual information and report."""
