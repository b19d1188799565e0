"""The command line: what ``easel`` starts, checks and draws."""

from typing import Final

__version__: Final = "0.2.0"
"""This version of Easel; the package's, too."""
