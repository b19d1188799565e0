"""Licences: what a model's own card or file says of its licence, and never another's."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from generation.catalogue.checkpoints import is_file
from generation.catalogue.headers import WeightsError, read_header

UNKNOWN: Final = "unknown; read it on the model's page"
"""What is said where nothing states a licence."""

_FRONT: Final = re.compile(r"\A\s*---\s*\n(.*?)\n---", re.DOTALL)
_ENTRY: Final = re.compile(r"^(license|license_name):[ \t]*[\"']?([^\"'\n#]+)", re.MULTILINE)

_TITLES: Final[Mapping[str, str]] = {
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "openrail": "OpenRAIL",
    "openrail++": "CreativeML OpenRAIL++-M",
    "creativeml-openrail-m": "CreativeML OpenRAIL-M",
    "cc0-1.0": "CC0-1.0",
    "cc-by-4.0": "CC-BY-4.0",
    "cc-by-nc-4.0": "CC-BY-NC-4.0 (not for business)",
    "flux-1-dev-non-commercial-license": "FLUX.1 [dev] Non-Commercial License",
    "flux-non-commercial-license": "FLUX Non-Commercial License",
}
"""Names for people of what the front matter of cards calls licences."""


def read_card_licence(text: str) -> str:
    """The licence that the front matter of a repository's README states; empty for none."""
    front = _FRONT.match(text)
    stated = dict(_ENTRY.findall(front[1])) if front else {}
    plain = stated.get("license", "").strip().lower()
    # Licences of makers' own go by `other`, and by a name behind it.
    named = plain if plain not in {"other", ""} else stated.get("license_name", "").strip().lower()
    return _TITLES.get(named, named)


def find_licence(model: str) -> str:
    """What a model that is on this machine states of its licence.

    Args:
        model: Its file or folder.
    """
    place = Path(model)
    if is_file(model):
        try:
            # As trainers write it (https://github.com/Stability-AI/ModelSpec).
            return read_header(place).metadata.get("modelspec.license", "") or UNKNOWN
        except WeightsError:
            return UNKNOWN
    try:
        return read_card_licence((place / "README.md").read_text(encoding="utf-8")) or UNKNOWN
    except (OSError, UnicodeError):
        return UNKNOWN
