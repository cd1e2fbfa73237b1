"""21-cm cubes: their planes, the chain of networks and the reports of ionization and ionization_map."""
