"""Damaged files of every kind that halodeck opens; `make fuzz` reads ten thousand of them, the test suite a few."""
