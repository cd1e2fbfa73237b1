"""What is seen of a universe: slices read by memory map, panels that share a position, overlays."""
