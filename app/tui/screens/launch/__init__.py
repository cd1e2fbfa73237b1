"""Launch of a run."""
