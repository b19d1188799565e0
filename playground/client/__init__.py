"""What Discord's own client does for a person."""
