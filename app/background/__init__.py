"""Work that outlives the terminal: detached workers, tasks, calculations for the screens."""
