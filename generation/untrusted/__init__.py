"""Bytes from strangers: fetched, checked, re-encoded."""
