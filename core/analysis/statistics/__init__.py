"""Statistics of universes as figures and tables."""
