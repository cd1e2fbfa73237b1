"""Halos as clusters of an embedding (after Lopez-Cano et al. 2024): the recipe."""
