"""Help on flags, and completion while typing."""
