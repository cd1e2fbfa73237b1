"""Data: files, simulation, import, tasks."""
