"""Reionization by excursion sets, and the 21-cm brightness that it leaves."""
