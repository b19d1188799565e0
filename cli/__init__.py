"""What stands behind the command line; ``easel.py`` names the commands."""
