"""What loading a model ends in where it cannot be done."""

from faults import HostError


class ModelError(HostError, RuntimeError):
    """A checkpoint that cannot be loaded; the text is one sentence and names no path."""
