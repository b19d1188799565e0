"""From job events to messages."""
