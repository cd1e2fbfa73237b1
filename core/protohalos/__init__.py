"""What several recipes share about halos in initial conditions: inputs, truth, the finder, its baseline."""
