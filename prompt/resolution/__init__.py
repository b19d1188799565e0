"""Prompt to recipe: presets, defaults and every open choice."""
