"""From what a person asks for to a committed job, and what is done with finished ones."""
