"""The command line: what ``easel`` starts, checks and draws."""
