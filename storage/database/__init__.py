"""Connections, tables, and a database made ready."""
