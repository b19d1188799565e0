"""What must not be drawn, by its words."""
