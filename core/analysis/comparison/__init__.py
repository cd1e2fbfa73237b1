"""Runs beside each other on the same universes, with the baselines that need no network."""
