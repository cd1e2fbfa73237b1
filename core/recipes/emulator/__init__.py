"""A cheap run of the same phases, corrected by a network to what a dear one ends in."""
