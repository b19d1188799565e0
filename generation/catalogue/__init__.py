"""What models there are and what each can do; no PyTorch."""
