"""Networks and losses: tensors in, tensors out. Nothing here imports the rest of halodeck."""
