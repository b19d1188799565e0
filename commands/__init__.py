"""Slash commands, one file each, discovered by the bot."""
