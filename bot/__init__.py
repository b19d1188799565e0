"""The bot: what people do in Discord becomes jobs, and jobs become messages."""
