"""The table of flags, the kinds of value they take, and where each may be typed."""
