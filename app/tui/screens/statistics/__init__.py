"""Statistics of universes."""
