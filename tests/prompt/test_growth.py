"""Time grows in proportion to a text: every way of reading, and every pattern of the product.

A text may have 6,000 characters, and a rule that takes the square of that holds up everybody. What
is quick at that length is well, however it grows; only what is not is measured more closely.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import partial

import pytest

import bot
import cli
import generation.catalogue
import generation.untrusted
import prompt
import storage
from prompt.flags.lists import Items, Loras, References
from prompt.reading.constructs import (
    translate_braces,
    translate_compel,
    translate_constructs,
    translate_novelai,
)
from prompt.reading.dialects import reword, translate
from prompt.reading.embeddings import place_embeddings
from prompt.reading.emphasis import format_emphasis, read_comfyui, read_emphasis
from prompt.reading.grammar import format_prompt, parse, parse_closely
from prompt.reading.infotext import read_infotext
from prompt.reading.lora_tags import move_lora_tags
from prompt.reading.markup import complete_links, strip_markup
from prompt.reading.permutations import expand, pairs_up, unescape
from prompt.reading.phrases import parse_phrases
from prompt.reading.saved_json import read_json
from prompt.reading.separators import shorten, strip_separators, strip_signature
from prompt.reading.shortcuts import expand as expand_shortcuts
from prompt.reading.tokens import find_flags, separate_links
from prompt.resolution.orders import MOST_ORDERS, read_orders
from tests.prompt.hostile import NESTS, UNITS, fill, grows_evenly, nest

READERS: dict[str, Callable[[str], object]] = {
    "orders": read_orders,
    "parse": parse,
    "closely": parse_closely,
    "spelling": lambda text: format_prompt(parse(text)),
    "translate": translate,
    "reword": reword,
    "markup": strip_markup,
    "links": complete_links,
    "separate": separate_links,
    "constructs": translate_constructs,
    "braces": translate_braces,
    "compel": translate_compel,
    "novelai": translate_novelai,
    "comfyui": lambda text: format_emphasis(read_comfyui(text)),
    "embeddings": lambda text: place_embeddings(read_emphasis(" ".join(text.split())), ()),
    "infotext": read_infotext,
    "json": read_json,
    "tags": move_lora_tags,
    "expand": lambda text: expand(text, MOST_ORDERS),
    "pairs": pairs_up,
    "unescape": unescape,
    "phrases": parse_phrases,
    "emphasis": lambda text: format_emphasis(read_emphasis(" ".join(text.split()))),
    "flags": lambda text: list(find_flags(text)),
    "items": lambda text: Items().parse(Items().mend(Items().split(text)[0])),
    "loras": lambda text: Loras().parse(Loras().split(text)[0]),
    "references": lambda text: References().parse(References().split(text)[0]),
    "separators": lambda text: strip_separators(" ".join(text.split())),
    "signature": strip_signature,
    "shorten": shorten,
    "shortcuts": lambda text: expand_shortcuts(text, {"a": "b"}),
}
USES = ("search", "match", "fullmatch", "findall", "finditer", "sub", "split")


def find_patterns() -> Iterator[tuple[str, Callable[[str], object]]]:
    """Every pattern that a module keeps under a name, in each of its uses there.

    Looked through is what reads strangers' text, which nothing that loads PyTorch does.
    """
    for package in (bot, cli, generation.catalogue, generation.untrusted, prompt, storage):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            source = inspect.getsource(module)
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    used = set(re.findall(rf"\b{name}\.({'|'.join(USES)})\b", source))
                    # All of these look for it at every place; the others at one.
                    if used - {"match", "fullmatch"}:
                        yield f"{found.name}.{name}", value.findall
                    elif used:
                        yield f"{found.name}.{name}", value.match
                        yield f"{found.name}.{name}", value.fullmatch


@pytest.mark.parametrize("name", READERS)
def test_a_long_text_is_read_in_proportion_to_its_length(name: str) -> None:
    texts = {unit: partial(fill, unit) for unit in UNITS}
    texts |= {
        f"{opening}…{closing}": partial(nest, (opening, closing)) for opening, closing in NESTS
    }
    assert [each for each, make in texts.items() if not grows_evenly(READERS[name], make)] == []


def test_no_pattern_takes_the_square_of_a_text() -> None:
    slow = [
        (name, unit)
        for name, use in find_patterns()
        for unit in UNITS
        if len(unit) == 1 and not grows_evenly(use, partial(fill, unit))
    ]
    assert slow == []


def test_a_square_would_be_found() -> None:
    hostile = re.compile(r"\\+([-*])")
    assert not grows_evenly(hostile.search, partial(fill, "\\"))
