"""Whose signatures are this host's."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Trust:
    """What this host's signatures are told by.

    Attributes:
        roots: Certificates above its own, in PEM.
        serials: Serial numbers of its own: who sells certificates has other customers, too.
    """

    roots: str = ""
    serials: tuple[str, ...] = ()


NOBODY: Final = Trust()
"""Of a host that signs nothing."""
