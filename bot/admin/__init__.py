"""The view of those who run the bot or manage a server: usage, queue, workers, limits, changes."""
