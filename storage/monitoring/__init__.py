"""How a side is, in numbers and over HTTP, for tools that watch it; off unless a port is set."""
