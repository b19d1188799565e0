"""Discord's rules that its published description does not hold."""
