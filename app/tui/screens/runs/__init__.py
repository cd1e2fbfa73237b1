"""Runs: the list, live curves, reports."""
