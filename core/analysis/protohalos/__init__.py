"""The report on halos predicted in Lagrangian space from the chance of every cell to be in one."""
