"""Files made by others: what they are, and how to read them."""
