"""docs/results.md from trained runs: `python -m tests.results --runs FOLDER`."""
