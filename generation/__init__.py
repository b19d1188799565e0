"""Recipes, the families that draw them, and the pictures that come out."""
