"""Physics of structure formation, usable as a library of its own. No learning in here."""
