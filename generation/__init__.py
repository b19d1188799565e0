"""Recipes, the families that cook them, and the pictures that come out."""
