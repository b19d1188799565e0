"""Parts of a checkpoint in a folder: which there have to be, and whether each is whole.

Headers alone are read, so that it takes no time to ask.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from generation.catalogue.checkpoints import GUIDED, is_guided, read_json
from generation.catalogue.headers import KIND, WeightsError, read_header
from generation.catalogue.misplaced import INDEX, explain_folder

VARIANTS: Final = ("fp16", "bf16")
"""Precisions that repositories keep beside, or in place of, the usual files, the first the best."""

UNUSED: Final = frozenset({"safety_checker", "watermarker"})
"""Parts that only a pipeline's own call would use, which never runs here."""

_WEIGHTED: Final = ("unet", "transformer", "vae", "text_encoder", "image_encoder")
"""What names of parts with weights begin with."""

_VOCABULARIES: Final = (
    "tokenizer.json",
    "vocab.json",
    "spiece.model",
    "tokenizer.model",
    "vocab.txt",
)
"""Files that a tokenizer's words may stand in."""


def list_parts(index: Mapping[str, Any]) -> list[str]:
    """Folders of the parts that an index names and fills."""
    return [
        name
        for name, value in index.items()
        # Beside the parts stand the class and version of the pipeline; a part of nulls is left out.
        if not name.startswith("_") and isinstance(value, list) and value and value[0] is not None
    ]


def list_faults(folder: Path) -> Iterator[str]:
    """What is wrong with a checkpoint in a folder, one sentence each; nothing if it is whole."""
    if is_guided(folder):
        yield from _list_guided(folder)
        return
    index = read_json(folder / INDEX)
    if not index and not (folder / INDEX).is_file():
        yield f"{explain_folder(folder)}."
        return
    if not index:
        yield f"{INDEX} is damaged, so this is not a checkpoint in the diffusers layout."
        return
    for part in list_parts(index):
        if part in UNUSED:
            continue
        if not any((folder / part).glob("*")):
            yield f"{part} is missing."
        elif part.startswith("tokenizer"):
            yield from _list_words(folder / part)
        else:
            yield from _list_unsaid(folder / part)
            yield from list_damaged(folder / part)


def _list_unsaid(part: Path) -> Iterator[str]:
    """A part that computes is made as its configuration says."""
    name = "scheduler_config.json" if part.name == "scheduler" else "config.json"
    if part.name.startswith((*_WEIGHTED, "scheduler")) and not read_json(part / name):
        yield f"{part.name}/{name} is missing or damaged; fetch it again."


def _list_guided(folder: Path) -> Iterator[str]:
    config = read_json(folder / GUIDED)
    # A guide-driven model of photographs alone has no planner (decision 9).
    for part in ("latents", "decoder", "denoiser", *(["planner"] if "planner" in config else [])):
        if not (folder / f"{part}{KIND}").is_file():
            yield f"{part}{KIND} is missing."
    yield from list_damaged(folder)


def _list_words(part: Path) -> Iterator[str]:
    """A tokenizer without its words reads every prompt as the same."""
    vocabulary = next((part / name for name in _VOCABULARIES if (part / name).is_file()), None)
    if vocabulary is None:
        yield f"{part.name} has no vocabulary; fetch it again."
    elif not vocabulary.stat().st_size or _is_pointer(vocabulary):
        yield f"{part.name}/{vocabulary.name} is empty or a pointer of Git LFS; fetch it again."
    elif vocabulary.name == "vocab.json" and not (part / "merges.txt").is_file():
        yield f"{part.name}/merges.txt is missing."
    elif vocabulary.suffix == ".json":
        encoder = part.with_name(part.name.replace("tokenizer", "text_encoder")) / "config.json"
        yield from _list_unfit_words(vocabulary, read_json(encoder).get("vocab_size"))


def _list_unfit_words(vocabulary: Path, rows: object) -> Iterator[str]:
    read = read_json(vocabulary)
    words = read if vocabulary.name == "vocab.json" else read.get("model", {}).get("vocab", ())
    where = f"{vocabulary.parent.name}/{vocabulary.name}"
    if len(words) < _FEWEST:
        yield f"{where} has {len(words)} words, so it is damaged; fetch it again."
    elif isinstance(rows, int) and len(words) > rows:
        yield f"{where} has {len(words)} words and its text encoder {rows}: they are of two models."


_FEWEST: Final = 16
"""Words that the smallest vocabulary has; one that went missing has its marks alone."""


def _is_pointer(file: Path) -> bool:
    with file.open("rb") as data:
        return data.read(24).startswith(b"version https://git-lfs")


_PIECE: Final = re.compile(r"-\d+-of-\d+\.")
"""In the names of files that hold a part of a part's weights."""


def list_damaged(part: Path) -> Iterator[str]:
    """What is wrong with one part: every piece of its weights has to open."""
    names = {file.name for file in part.glob(f"*{KIND}")}
    pieces = {name for name in names if _PIECE.search(name)}
    listings = list(part.glob(f"*{KIND}.index*.json"))
    if pieces and not listings:
        yield f"{part.name} has {min(pieces)} and no list of such pieces; fetch it again."
        return
    # A piece that an index lists and that is absent would go unnoticed otherwise.
    for listing in listings:
        names |= set(read_json(listing).get("weight_map", {}).values())
    if not names and any(part.glob("*.bin")):
        yield f"{part.name} has no safetensors weights, and Easel reads no others."
    elif not names and part.name.startswith(_WEIGHTED):
        yield f"{part.name} has no weights."
    for name in sorted(names):
        try:
            read_header(part / name)
        except WeightsError as error:
            # A missing piece and a damaged one are mended alike.
            yield f"{part.name}/{name} is missing or damaged; fetch it again ({error})."


def choose_variant(folder: Path) -> str | None:
    """The precision by whose name a folder's weights go, where a part has no usual files."""
    index = read_json(folder / INDEX)
    for part in list_parts(index):
        found = {tell_precision(file.name) for file in (folder / part).glob(f"*{KIND}")}
        if part not in UNUSED and found and "" not in found:
            return next(one for one in VARIANTS if one in found)
    return None


def tell_precision(name: str) -> str:
    """The precision in the name of a file of weights, or of a list of such; empty for none."""
    return next((one for one in VARIANTS if f".{one}." in name), "")
