"""Who asks, what they submitted, and how they are answered."""
