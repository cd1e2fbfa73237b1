"""Predicted densities beside the N-body's: what recipes that emulate it share."""
