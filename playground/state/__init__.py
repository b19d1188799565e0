"""The world of the stand-in, and everything in it."""
