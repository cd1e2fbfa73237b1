"""Universes from what others made: one file for each thing that may be brought in."""
