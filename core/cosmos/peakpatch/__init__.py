"""Peak Patch: halos straight from the linear density field."""
