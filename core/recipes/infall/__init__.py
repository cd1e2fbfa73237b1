"""Fates of subhalos: the recipe, its table of features, search, ranking and report."""
