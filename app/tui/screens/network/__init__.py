"""Network of a run."""
