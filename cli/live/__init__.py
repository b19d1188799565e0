"""The check of everything that only the real Discord can show."""
