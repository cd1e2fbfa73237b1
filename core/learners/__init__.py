"""Learners beyond the plain network: stages, adversaries, chains of networks, forests."""
