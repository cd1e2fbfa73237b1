"""Protohalos from distance maps: the watershed, its calibrated cut, baseline and report."""
