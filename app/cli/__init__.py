"""The command line: every action of the screens as a command fit for a batch job."""
