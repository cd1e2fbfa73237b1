"""Runs: list, live curves, report."""
