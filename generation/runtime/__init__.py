"""A worker's side: models in memory, and a recipe rendered with them."""
