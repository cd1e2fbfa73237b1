"""Ionization maps from density maps: the recipe and its report."""
