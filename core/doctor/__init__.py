"""What this machine offers, measured: a file for each part, which says what to do where it lacks."""
