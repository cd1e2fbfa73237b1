"""Classes of 21-cm maps: the recipe, its planes, chain of networks and report; ionization_map builds on it."""
