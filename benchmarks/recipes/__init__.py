"""The worked recipes in docs/recipes: their commands read, carried out and pictured."""
