"""What becomes of subhalos: the infall table, read from merger trees or drawn from a model."""
