"""What a check of this installation found, and how bad it is."""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How bad a finding is: fine, worth knowing, or in the way."""

    OK = "✓"
    NOTE = "•"
    FAULT = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: What was looked at.
        state: How bad it is.
        says: What is so.
        mend: What to do about it; empty if nothing.
    """

    name: str
    state: State
    says: str
    mend: str = ""
