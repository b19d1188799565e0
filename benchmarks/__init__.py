"""Speed and memory, each beside a named baseline."""
