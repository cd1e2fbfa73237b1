"""Runs: what is asked for, the folder, the worker that trains, reports; and what every recipe offers to them."""
