"""Data only: a TOML file for each recipe, with a table for each size of machine."""
