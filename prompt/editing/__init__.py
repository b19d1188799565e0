"""What people ask of finished pictures in words."""
