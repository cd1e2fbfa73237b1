"""Protohalos from probabilities: inputs, truth, the finder, its baseline and its report (halonet, distance_map)."""
