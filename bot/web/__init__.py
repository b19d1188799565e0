"""What all pages of the bot's share: one server, who is signed in, what is signed for whom."""
