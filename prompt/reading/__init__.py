"""Text to prompt, and back."""
