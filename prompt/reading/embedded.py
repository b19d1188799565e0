"""What a picture's file says of how it was made: exact, where there is anything, and no guess.

Easel's own pictures carry their recipe. Other programs write prompt and settings in forms that
people paste as well, so they are read by the same readers.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from generation.recipe import Recipe, RecipeError
from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.table import SEED
from prompt.reading.grammar import Prompt, parse
from prompt.reading.graphs import find_graph
from prompt.reading.infotext import read_infotext
from prompt.reading.lora_tags import move_lora_tags
from prompt.reading.permutations import escape
from prompt.reading.phrases import parse_phrases
from prompt.reading.saved_json import read_json
from prompt.sentences import Sentence

Texts = Mapping[str, str]
"""Texts of a picture's file by the names that they have there."""

_MOST: Final = 12_000
"""Characters of an infotext that are read: the words stand before settings of any length."""

_STEPS: Final = re.compile(r"(?:\A|[\n,] ?)Steps: \d")
_MODEL: Final = re.compile(r"[\n,] ?Model: ([^,\n]{1,200})")
_JOB: Final = re.compile(r" Job ID: [0-9a-f-]{36}\s*+\Z")
_FLAG: Final = re.compile(r"\s--(?:v|version|niji|ar|aspect|stylize|s|raw|chaos|seed)\b")
_PREFIX: Final = re.compile(r"(prompt|workflow):(?=\s*+\{)")
_FOOOCUS: Final = frozenset({"base_model", "metadata_scheme", "performance"})
"""Names that Fooocus alone saves beside a prompt."""

_MODELS: Final = ("ckpt_name", "unet_name", "base_model", "model", "model_name")
_ENDING: Final = re.compile(r"\.(?:safetensors|ckpt|gguf|sft)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Known:
    """How a picture was made, as its file says.

    Attributes:
        program: What made it, such as ``ComfyUI``.
        prompt: Words and settings in the neutral form; its notes say what means nothing here.
        model: What drew it, as that program calls it; empty where the file does not say.
        recipe: Of Easel's own pictures, everything that decided them.
    """

    program: str
    prompt: Prompt
    model: str = ""
    recipe: Recipe | None = None


def read_known(texts: Texts) -> Known | None:
    """What a picture's file says of how it was made; None if it says nothing that is understood.

    Args:
        texts: As ``generation.untrusted.texts`` finds them, at the door.
    """
    named = _name_texts(texts)
    for read in _READERS:
        try:
            known = read(named)
        except (PromptError, RecipeError):
            continue
        if known is not None:
            return known
    return None


def read_own_prompt(recipe: Recipe) -> Prompt:
    """The prompt that a recipe was made from, with the seed that draws it again."""
    try:
        prompt = parse(escape(f"{recipe.prompt} {recipe.parameters}"))
    except PromptError:
        # It is of a time whose grammar was another: its words are words still.
        prompt = Prompt(phrases=parse_phrases(recipe.prompt))
    first = recipe.noise[0]
    # No seed alone makes a variation again.
    if first.variations:
        return prompt
    return replace(prompt, flags={**prompt.flags, SEED.name: first.seed})


def _name_texts(texts: Texts) -> dict[str, str]:
    """The texts by the names that they would have in a PNG of the program that wrote them."""
    named = dict(texts)
    for tag in ("Make", "Model"):
        # ComfyUI's place for them in WebP.
        if prefix := _PREFIX.match(named.get(tag, "")):
            named.setdefault(prefix[1], named[tag][prefix.end() :])
    hidden = _load(named.get("hidden", "")) or {}
    if "Comment" in hidden:
        # NovelAI hides all of its texts as one.
        del named["hidden"]
        named = {**{key: text for key, text in hidden.items() if isinstance(text, str)}, **named}
    for name in ("hidden", "UserComment"):
        if text := named.get(name):
            named.setdefault("parameters", text)
    return named


def _read_own(texts: Texts) -> Known | None:
    body = _load(texts.get("easel") or texts.get("ImageDescription", ""))
    if body is None:
        return None
    recipe = Recipe.from_json(body)
    return Known("Easel", read_own_prompt(recipe), recipe.model, recipe)


def _read_invokeai(texts: Texts) -> Known | None:
    return _read_saved("InvokeAI", texts.get("invokeai_metadata", ""))


def _read_parameters(texts: Texts) -> Known | None:
    """What AUTOMATIC1111, its kin, SwarmUI and Fooocus write under the same name."""
    text = texts.get("parameters", "")
    if (body := _load(text)) is not None:
        if find_graph(body) is not None:
            return _read_saved("ComfyUI", text)
        if "sui_image_params" in body:
            return _read_saved("SwarmUI", text)
        own = "fooocus_scheme" in texts or not _FOOOCUS.isdisjoint(body)
        return _read_saved("Fooocus", text) if own and "prompt" in body else None
    if not _STEPS.search(text):
        return None
    program = "Fooocus" if "fooocus_scheme" in texts else "AUTOMATIC1111"
    # Before the labels are looked for, which would take a tag's end for punctuation.
    tagged = move_lora_tags(text[:_MOST])
    words, notes = read_infotext(tagged) or (tagged, ())
    model = _MODEL.search(text)
    return Known(program, _parse(words, notes), model[1].strip() if model else "")


def _read_novelai(texts: Texts) -> Known | None:
    body = _load(texts.get("Comment", ""))
    if body is None or ("uc" not in body and texts.get("Software") != "NovelAI"):
        return None
    words = [str(body.get("prompt") or texts.get("Description", "")), *_list_captions(body)]
    # Without its `uc` it would not be known for NovelAI's.
    whole = {"uc": "", **body, "prompt": ", ".join(filter(None, words))}
    known = _read_saved("NovelAI", json.dumps(whole))
    return known and replace(known, model=texts.get("Source", known.model))


def _list_captions(body: Mapping[str, Any]) -> Iterator[str]:
    """What is said of each character, which stands beside the prompt."""
    match body.get("v4_prompt"):
        case {"caption": {"char_captions": list(captions)}}:
            for one in captions:
                if isinstance(one, dict):
                    yield str(one.get("char_caption", ""))


def _read_comfyui(texts: Texts) -> Known | None:
    # The form for its interface first: what is drawn, without what is switched off.
    for text in (texts.get("prompt", ""), texts.get("workflow", "")):
        if find_graph(_load(text)) is not None and (known := _read_saved("ComfyUI", text)):
            return known
    return None


def _read_midjourney(texts: Texts) -> Known | None:
    text = (texts.get("Description") or texts.get("ImageDescription", ""))[:_MOST]
    words = _JOB.sub("", text)
    if words == text and not _FLAG.search(text):
        return None
    return Known("Midjourney", _parse(words, ()))


_READERS: Final[tuple[Callable[[Texts], Known | None], ...]] = (
    _read_own,
    _read_invokeai,
    _read_parameters,
    _read_novelai,
    _read_comfyui,
    _read_midjourney,
)


def _read_saved(program: str, text: str) -> Known | None:
    """What saved JSON says; None where there are no words among it."""
    body = _load(text)
    read = None if body is None else read_json(text)
    if body is None or read is None or not (prompt := parse(read[0])).phrases:
        return None
    return Known(program, _join_notes(prompt, read[1]), _find_model(body))


def _parse(words: str, notes: tuple[str, ...]) -> Prompt:
    """The prompt of words in which braces are braces: what they stood for was chosen."""
    return _join_notes(parse(escape(words)), notes)


def _join_notes(prompt: Prompt, notes: tuple[str, ...]) -> Prompt:
    """The prompt with notes of what is lost; that settings became flags is no news of a file."""
    every = (*notes, *prompt.notes)
    return replace(prompt, notes=tuple(n for n in every if not _tells_reading(n)))


def _tells_reading(note: str) -> bool:
    return isinstance(note, Sentence) and note.template == said.READ_AS


def _load(text: str) -> dict[str, Any] | None:
    """The object that JSON holds; None for other text."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _find_model(body: Mapping[str, Any]) -> str:
    """The first model that a program's settings name, without folder and ending."""
    parts = [body, *(part for part in body.values() if isinstance(part, dict))]
    parts += [inner for part in parts if isinstance(inner := part.get("inputs"), dict)]
    for part in parts:
        for name in _MODELS:
            match part.get(name):
                case str(model) | {"name": str(model)} | {"model_name": str(model)} if model:
                    file = model.replace("\\", "/").rpartition("/")[2]
                    return _ENDING.sub("", file)
    return ""
