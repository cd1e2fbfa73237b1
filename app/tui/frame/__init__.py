"""What all places of the workbench share."""
