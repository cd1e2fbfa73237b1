"""The layers, filters and activations of any network, as figures."""
