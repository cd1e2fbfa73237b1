"""Slices through universes."""
