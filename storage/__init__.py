"""Settings, tables, queue and files. Knows JSON, not recipes."""
