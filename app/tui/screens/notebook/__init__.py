"""Notebook: what was collected in all places."""
