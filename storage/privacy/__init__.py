"""What is kept of people: a rule for every table, forgetting, exporting, and how long it stays."""
