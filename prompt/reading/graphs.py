"""Graphs of ComfyUI: what their sampler is told, found by following its inputs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prompt.reading.constructs import translate_braces
from prompt.reading.emphasis import format_emphasis, read_comfyui
from prompt.reading.permutations import escape
from prompt.reading.settings import Pair

Nodes = Mapping[str, Mapping[str, Any]]
"""Nodes by their id, each with ``class_type`` and ``inputs``: ComfyUI's own API form."""

_WIDGETS: Final[Mapping[str, tuple[str, ...]]] = {
    "CLIPTextEncode": ("text",),
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": ("", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler"),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "EmptySD3LatentImage": ("width", "height", "batch_size"),
    "LoraLoader": ("lora_name", "strength_model"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "FluxGuidance": ("guidance",),
    "RandomNoise": ("noise_seed",),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "PrimitiveNode": ("value",),
    "PrimitiveStringMultiline": ("value",),
    "String": ("value",),
}
"""Names of the values that nodes hold themselves, in the order of the form with places."""

_TEXTS: Final = ("text", "text_g", "text_l", "clip_l", "t5xxl", "value", "string", "prompt")
_SIDES: Final = ("positive", "negative")
_NUMBERS: Final = (
    "seed", "noise_seed", "steps", "cfg", "guidance", "sampler_name", "scheduler", "denoise",
    "width", "height", "batch_size",
)  # fmt: skip
_SAMPLES: Final = re.compile(r"Sampler(?!Select)")
_DEEPEST: Final = 40
_COMMENT: Final = re.compile(r"/\*(?:[^*]|\*(?!/))*+\*/|(?<!:)//[^\n]*+")


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph of ComfyUI.

    Attributes:
        nodes: Its nodes.
        is_drawn: Whether it is in the form with places, as people see it: in its texts choices in
            braces are still open, and comments still there.
    """

    nodes: Nodes
    is_drawn: bool = False


def find_graph(body: Any) -> Graph | None:  # noqa: ANN401 - JSON
    """The graph in what people paste of ComfyUI, in either form, or None if it is none."""
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("nodes"), list):
        return Graph(_read_places(body), is_drawn=True)
    nodes = {str(key): node for key, node in body.items() if _is_node(node)}
    if nodes:
        return Graph(nodes)
    return next(filter(None, (find_graph(body.get(key)) for key in ("prompt", "workflow"))), None)


def _is_node(node: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(node, dict) and "class_type" in node and isinstance(node.get("inputs"), dict)


def _read_places(body: Mapping[str, Any]) -> Nodes:
    """The form with places (``nodes`` and ``links``) in the API form."""
    sources = {
        str(link[0]): [str(link[1]), link[2]]
        for link in _list(body.get("links"))
        if isinstance(link, list) and len(link) >= 3
    }
    graph: dict[str, dict[str, Any]] = {}
    for node in body["nodes"]:
        if not isinstance(node, dict) or node.get("mode") in (2, 4):
            continue
        kind, values = str(node.get("type")), node.get("widgets_values")
        names = _WIDGETS.get(kind, ())
        inputs = dict(zip(names, values, strict=False)) if isinstance(values, list) else {}
        inputs = {name: _strip_comments(value) for name, value in inputs.items()}
        for entry in _list(node.get("inputs")):
            if isinstance(entry, dict) and str(entry.get("link")) in sources:
                inputs[str(entry.get("name"))] = sources[str(entry["link"])]
        graph[str(node.get("id"))] = {"class_type": kind, "inputs": inputs}
    return graph


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, list) else []


def _strip_comments(value: Any) -> Any:  # noqa: ANN401 - JSON
    return _COMMENT.sub(" ", value) if isinstance(value, str) else value


def read_graph(graph: Graph) -> tuple[str, list[Pair], list[str]]:
    """What a graph draws: the words, settings, and names of what means nothing here.

    Braces in the words are escaped, but for choices that are still open.
    """
    words, settings, ignored = _read_nodes(graph.nodes)
    chooses = graph.is_drawn and "|" in words
    return (translate_braces(words) if chooses else escape(words)), settings, ignored


def _read_nodes(graph: Nodes) -> tuple[str, list[Pair], list[str]]:
    sampler = next((node for node in graph.values() if _samples(node)), None)
    if sampler is None:
        texts = [text for node in graph.values() for text in _own_texts(node["inputs"])]
        return ", ".join(texts), [], []
    inputs = sampler["inputs"]
    guider = _follow(graph, inputs.get("guider")) or {}
    positive = inputs.get("positive") or guider.get("positive") or guider.get("conditioning")
    negative = inputs.get("negative") or guider.get("negative")
    words = format_emphasis(read_comfyui(_read_texts(graph, positive, "positive")))
    settings: list[Pair] = []
    if unwanted := format_emphasis(read_comfyui(_read_texts(graph, negative, "negative"))):
        settings.append(("no", unwanted))
    settings += _read_numbers(graph, inputs)
    if loras := list(_read_loras(graph)):
        settings.append(("lora", ", ".join(loras)))
    if "(" in f"{words}{unwanted}":
        settings.append(("weighting", "comfyui"))
    models = [node for node in graph.values() if "ckpt_name" in node["inputs"]]
    return words, settings, ["ckpt_name"] if models else []


def _samples(node: Mapping[str, Any]) -> bool:
    inputs = node["inputs"]
    named = _SAMPLES.search(str(node["class_type"])) is not None
    return named and ("positive" in inputs or "guider" in inputs)


def _follow(graph: Nodes, link: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - JSON
    """The inputs of the node that a link comes from."""
    if isinstance(link, list) and link and str(link[0]) in graph:
        inputs: Mapping[str, Any] = graph[str(link[0])]["inputs"]
        return inputs
    return None


def _read_texts(graph: Nodes, link: Any, side: str) -> str:  # noqa: ANN401 - JSON
    return ", ".join(dict.fromkeys(_find_texts(graph, link, set(), side, 0)))


def _find_texts(
    graph: Nodes,
    link: Any,  # noqa: ANN401 - JSON
    seen: set[str],
    side: str,
    depth: int,
) -> Iterator[str]:
    """The texts that a link leads to, through whatever stands between, each source once."""
    inputs = _follow(graph, link)
    # By any way: of a few nodes with two links each there would be millions of ways.
    source = f"{link[:2]}" if isinstance(link, list) else ""
    if inputs is None or source in seen or depth > _DEEPEST:
        return
    seen.add(source)
    if graph[str(link[0])]["class_type"] == "ConditioningZeroOut":
        return
    # Loaders of some packs hold the texts of both sides themselves.
    own = [inputs[side]] if isinstance(inputs.get(side), str) else list(_own_texts(inputs))
    yield from own
    if own:
        return
    both = "positive" in inputs and "negative" in inputs
    # A node with both passes each on at a place of its own, the positive one first.
    passed = _SIDES[1 if len(link) > 1 and link[1] == 1 else 0] if both else ""
    for name, value in inputs.items():
        leads = name == passed if both else name.startswith(("conditioning", *_TEXTS, *_SIDES))
        if leads:
            yield from _find_texts(graph, value, seen, side, depth + 1)


def _own_texts(inputs: Mapping[str, Any]) -> Iterator[str]:
    for name in _TEXTS:
        value = inputs.get(name)
        if isinstance(value, str) and value.strip():
            yield " ".join(value.split())


def _read_numbers(graph: Nodes, inputs: Mapping[str, Any]) -> Iterator[Pair]:
    """The sampler's own settings, and those of the nodes that it is given."""
    found: dict[str, str] = {}
    nodes = [inputs]
    for name in ("latent_image", "noise", "sampler", "sigmas", "positive", "guider"):
        node = _follow(graph, inputs.get(name))
        nodes += [node] if node is not None else []
    for node in nodes:
        for name in _NUMBERS:
            value = node.get(name, node.get(f"empty_latent_{name}"))
            source = _follow(graph, value)
            value = value if source is None else next(iter(source.values()), None)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                found.setdefault(name, str(value))
    yield from found.items()


def _read_loras(graph: Nodes) -> Iterator[str]:
    for node in graph.values():
        name, weight = (node["inputs"].get(key) for key in ("lora_name", "strength_model"))
        if isinstance(name, str) and isinstance(weight, int | float):
            file = re.sub(r"\.(?:safetensors|pt)\Z", "", name.replace("\\", "/").rpartition("/")[2])
            yield f"{file.replace(' ', '_')}:{weight}"
