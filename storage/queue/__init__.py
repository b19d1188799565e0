"""Jobs: accepted, ordered, attempted, watched."""
