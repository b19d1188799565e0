"""The stand-in's page in a browser."""
