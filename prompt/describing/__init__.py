"""Prompts written from what is known of a picture."""
