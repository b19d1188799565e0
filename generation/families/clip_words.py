"""CLIP's tokenizer, for single files, which bring none.

Its vocabulary is OpenAI's (MIT), as the package ``open_clip_torch`` carries it; nothing else of
that package is used, so it is installed without what it asks for.
"""

import gzip
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from transformers import CLIPTokenizer

from generation.families.model_error import ModelError

_MERGES: Final = 49152 - 256 - 2
"""How many of the merges in the file CLIP was trained with."""

_START: Final = "<|startoftext|>"
_END: Final = "<|endoftext|>"

WINDOW: Final = 77
"""Tokens that CLIP reads at once, with the marks of start and end."""


def make_tokenizer(padding: str = _END) -> CLIPTokenizer:
    """CLIP's tokenizer; ``padding`` is the token that fills a window.

    Raises:
        ModelError: The vocabulary is not installed.
    """
    merges = _read_merges()
    # The order of CLIP's bytes: first those that print, as themselves, then the others.
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = [chr(one) for one in plain]
    letters += [chr(256 + place) for place in range(256 - len(plain))]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges)]
    vocabulary = {token: place for place, token in enumerate([*tokens, _START, _END])}
    return CLIPTokenizer(
        vocab=vocabulary, merges=list(merges), model_max_length=WINDOW, pad_token=padding
    )


@cache
def _read_merges() -> tuple[tuple[str, str], ...]:
    # Found without importing it: it would load what it asks for.
    package = find_spec("open_clip")
    if package is None or package.origin is None:
        raise ModelError(
            "a single file needs CLIP's vocabulary, which is not installed: `pip install --no-deps"
            " -r requirements-apart.txt` brings it"
        )
    file = Path(package.origin).with_name("bpe_simple_vocab_16e6.txt.gz")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        # The first line is the file's version.
        rows = [line.split() for line in lines][1 : _MERGES + 1]
    return tuple((left, right) for left, right in rows)
