"""Who may do what, and what is kept for them."""
