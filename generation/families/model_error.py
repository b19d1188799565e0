"""What loading a model ends in where it cannot be done."""

from typing import Final

from safetensors import SafetensorError

from faults import HostError

LOADING_FAULTS: Final = (
    *(OSError, ValueError, TypeError, KeyError, RuntimeError, ImportError),
    SafetensorError,
)
"""What libraries raise where a folder is not whole, or is of another model."""


class ModelError(HostError, RuntimeError):
    """A checkpoint that cannot be loaded; the text is one sentence and names no path."""
