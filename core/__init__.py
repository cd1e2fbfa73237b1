"""The engine of halodeck: physics, learning, runs. It knows no front end."""

VERSION = "0.2.0"
"""Of halodeck: files keep it, pyproject.toml takes it from here."""
