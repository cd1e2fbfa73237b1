"""Protohalos from distance maps: the recipe, its watershed, cut, baseline and report."""
