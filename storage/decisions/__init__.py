"""What people and servers decide."""
