"""Checks of the physics that take longer than a test may: `make validate` prints them as one table."""
