"""What is told about universes, runs and networks: statistics, comparison, inspection, views."""
