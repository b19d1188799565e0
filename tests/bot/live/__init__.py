"""The bot in this process: the real client on the stand-in, over a queue without a job engine."""
