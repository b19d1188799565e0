"""What Discord tells the bot besides commands: reactions."""
