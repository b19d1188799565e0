"""The stand-in as tests drive it."""
