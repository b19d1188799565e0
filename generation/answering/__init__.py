"""Questions answered with models: what a picture shows, and what each word of a prompt does."""
