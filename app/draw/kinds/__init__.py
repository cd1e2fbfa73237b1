"""One file a kind of figure, named as its class in small letters, with its DRAWER."""
