"""Halos one by one: what each of them is, what a prediction makes of it, and where a run fails."""
