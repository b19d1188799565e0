"""Saved JSON: graphs of ComfyUI, settings of SwarmUI, InvokeAI, Fooocus and NovelAI, prompts.

What has a flag becomes that flag; what has no meaning here is left out and told. JSON that people
write as a prompt, with a subject, a style and so on, becomes words.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from prompt import sentences as said
from prompt.flags.table import LORA, WEIGHTING, normalize_name
from prompt.reading.constructs import translate_compel, translate_novelai
from prompt.reading.graphs import find_graph, read_graph
from prompt.reading.permutations import escape
from prompt.reading.separators import shorten
from prompt.reading.settings import MEANINGLESS, Pair, find_flag, find_meaningless, format_settings
from prompt.sentences import Sentence

BEFORE: Final = ("{", "[", " ", "\n", "`")
"""What a prompt that is JSON may begin with."""

_JSON: Final = re.compile(r"([\s`]*+(?:json\s++)?)(?:\[\s*+)?\{\s*+[\"}]")
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[{}\[\]]', re.DOTALL)
_WORDS: Final = frozenset({"prompt", "positiveprompt", "basecaption", "c"})
_WRAPPERS: Final = frozenset({"suiimageparams", "parameters", "params", "input", "metadata"})
_WRITTEN: Final = frozenset(
    normalize_name(name)
    for name in (
        "action", "art style", "atmosphere", "background", "camera", "color palette", "colors",
        "composition", "description", "details", "environment", "lens", "light", "lighting",
        "medium", "mood", "palette", "scene", "setting", "style", "subject", "time of day",
        "weather",
    )
)  # fmt: skip
"""Names under which people describe a picture."""

_SAVED: Final = frozenset(
    map(
        normalize_name,
        (
            *MEANINGLESS, "app version", "generation mode", "lora", "loras", "model name",
            "rand device", "sui extra data", "v4 prompt", "uncond scale", "cfg rescale",
        ),
    )
)  # fmt: skip
_NOVELAI: Final = frozenset({"uc", "nsamples", "v4prompt", "uncondscale"})
_INVOKEAI: Final = frozenset({"generationmode", "appversion", "positivestyleprompt"})
_DRAW_THINGS: Final = "c"
_SWARM: Final = "swarmversion"
_LORA_WEIGHTS: Final = "loraweights"
_NAMED_WEIGHT: Final = re.compile(r"\s*+([\w.-]+?)(?:\.safetensors)?\s*+:\s*+([\d.-]+)\s*+")
_ENDING: Final = re.compile(r"\.(?:safetensors|pt|ckpt)\Z", re.IGNORECASE)


def read_json(text: str) -> tuple[str, tuple[str, ...]] | None:
    """A text that begins with a JSON object as words and flags, and what was read so.

    Braces in them are escaped, but for choices that are still open.
    """
    before = _JSON.match(text)
    if before is None:
        return None
    start = text[before.end(1) :]
    try:
        body, end = json.JSONDecoder().raw_decode(start)
    except RecursionError:
        return None
    except ValueError:
        if (body := _read_cut_off(start)) is None:
            return None
        end = len(start)
    if (graph := find_graph(body)) is not None:
        words, settings, ignored = read_graph(graph)
    else:
        words, settings, ignored = _read_settings(body)
        words = escape(words)
    flags = format_settings(settings)
    ignored += find_meaningless(settings)
    meant = " ".join(filter(None, (words, escape(flags))))
    notes = [Sentence(said.READ_AS, typed=shorten(start[:end]), meant=shorten(meant))]
    if ignored:
        names = shorten(", ".join(dict.fromkeys(ignored)))
        notes.append(Sentence(said.LEFT_OUT_HERE, typed=names))
    return f"{meant} {start[end:].lstrip('`')}".rstrip(), tuple(notes)


def _read_cut_off(text: str) -> Any:  # noqa: ANN401 - JSON
    """What JSON says that lacks its end, as where it was copied in part; None for other text."""
    opened, quoted = list[str](), ""
    for sign in _STRING_OR_BRACKET.finditer(text):
        if sign[0] in "{[":
            opened.append("}" if sign[0] == "{" else "]")
        elif sign[0][0] == '"':
            quoted = "" if len(sign[0]) > 1 and sign[0].endswith('"') else '"'
        elif not opened or opened.pop() != sign[0]:
            return None
    if not opened:
        return None
    try:
        return json.loads(f"{text}{quoted}".rstrip(" ,`\n") + "".join(reversed(opened)))
    except (ValueError, RecursionError):
        return None


def _read_settings(body: Any) -> tuple[str, list[Pair], list[str]]:  # noqa: ANN401 - JSON
    """Words, settings and names that mean nothing here."""
    saved = _find_saved(body)
    if saved is None:
        return _read_written(body)
    words, settings, ignored = list[str](), list[Pair](), list[str]()
    names = {normalize_name(key): value for key, value in saved.items()}
    spell = _choose_spelling(names.keys())
    for key, value in saved.items():
        name = normalize_name(key)
        if name in _WORDS and isinstance(value, str):
            words.insert(0, spell(value))
        elif name == _LORA_WEIGHTS:
            continue
        elif name.startswith("lora"):
            loras = _read_loras(_weigh_loras(value, names.get(_LORA_WEIGHTS)))
            settings += [(LORA.name, ", ".join(loras))] if loras else []
        elif (
            isinstance(value, str | int | float)
            and not isinstance(value, bool)
            and (find_flag(key) or name in {"scheduler", "noiseschedule"})
        ):
            settings.append((key, spell(str(value))))
        elif name in _WRITTEN and isinstance(value, str | list):
            words += [text for _, text in _walk_leaves(value)]
        elif value not in (None, "", False):
            ignored.append(key)
    if _SWARM in names and any("(" in word for word in words):
        settings.append((WEIGHTING.name, "comfyui"))
    return ", ".join(filter(None, words)), settings, ignored


def _choose_spelling(names: Collection[str]) -> Callable[[str], str]:
    """What reads the weights of the program that saves settings under these names."""
    if not _INVOKEAI.isdisjoint(names):
        return translate_compel
    # Draw Things calls what is unwanted as NovelAI does, and weighs as AUTOMATIC1111.
    return str if _NOVELAI.isdisjoint(names) or _DRAW_THINGS in names else translate_novelai


def _weigh_loras(loras: Any, weights: Any) -> Any:  # noqa: ANN401 - JSON
    """LoRAs with the weights that SwarmUI saves in a list of its own."""
    if isinstance(loras, list) and isinstance(weights, list) and len(loras) == len(weights):
        return [f"{name}:{weight}" for name, weight in zip(loras, weights, strict=True)]
    return loras


def _find_saved(body: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - JSON
    """The object that holds a program's settings, if there is one."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict):
        return None
    for key, value in body.items():
        if normalize_name(key) in _WRAPPERS and isinstance(value, dict):
            return _find_saved(value) or value
    names = {normalize_name(key) for key in body}
    known = any(find_flag(key) or normalize_name(key) in _SAVED for key in body)
    return body if known and not names.isdisjoint(_WORDS) else None


def _read_written(body: Any) -> tuple[str, list[Pair], list[str]]:  # noqa: ANN401 - JSON
    """JSON that people wrote as a prompt, as words with their names."""
    words, settings, ignored = list[str](), list[Pair](), list[str]()
    for key, value in _walk_leaves(body):
        name = normalize_name(key)
        if not value.strip():
            continue
        if name in _WORDS:
            words.insert(0, value)
        elif find_flag(key) in {"width", "height"} or format_settings([(key, value)]):
            settings.append((key, value))
        elif name in _SAVED and name not in _WRITTEN:
            ignored.append(key)
        else:
            words.append(f"{key}: {value}" if key else value)
    return ", ".join(words), settings, ignored


def _read_loras(value: Any) -> list[str]:  # noqa: ANN401 - JSON
    """LoRAs with their weights, as InvokeAI, Fooocus and SwarmUI save them."""
    if isinstance(value, str):
        named = _NAMED_WEIGHT.fullmatch(value)
        return [f"{named[1]}:{named[2]}"] if named else []
    found = []
    for item in value if isinstance(value, list) else []:
        match item:
            case {"model": {"name": str(name)}, "weight": int() | float() as weight}:
                found.append(f"{name}:{weight}")
            case {"lora": {"model_name": str(name)}, "weight": int() | float() as weight}:
                found.append(f"{name}:{weight}")
            case [str(name), int() | float() as weight, *_]:
                found.append(f"{name}:{weight}")
            case str(name):
                found.append(name)
    return [shorten_name(one) for one in found]


def shorten_name(name: str) -> str:
    """A LoRA with its weight, without its folder and the ending of its file."""
    file, mark, weight = name.partition(":")
    file = _ENDING.sub("", file.replace("\\", "/").rpartition("/")[2])
    return f"{file.replace(' ', '_')}{mark}{weight}"


def _walk_leaves(body: Any, key: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Every word or number in a JSON value, with the nearest name above it."""
    match body:
        case dict():
            for name, value in body.items():
                yield from _walk_leaves(value, str(name))
        case list():
            if all(isinstance(item, str) for item in body):
                yield key, ", ".join(body)
            else:
                for item in body:
                    yield from _walk_leaves(item, key)
        case bool() | None:
            return
        case _:
            yield key, str(body)
