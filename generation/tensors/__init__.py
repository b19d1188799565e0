"""Memory, tiles and pixels of tensors."""
