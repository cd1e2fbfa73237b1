"""Fates of subhaloes: the table of features, the search, the ranking and the report."""
