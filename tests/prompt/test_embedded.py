"""What picture files say of how they were made: of every program, in every place."""

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation.derive import narrow
from generation.pictures.metadata import encode_exif, encode_png
from generation.untrusted.clean import clean
from generation.untrusted.texts import MOST_TEXT, read_texts
from prompt.reading.embedded import read_known
from prompt.reading.grammar import parse
from tests import hostile
from tests.bot.samples import recipe

DOT = Image.new("RGB", (16, 16), "red")
INFOTEXT = (
    "a (red:1.3) car {kept} <lora:ink:0.8>\nNegative prompt: fog, (bad hands:1.4)\nSteps: 20, "
    "Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 4, Size: 768x512, Model hash: "
    "abc, Model: dreamy, Clip skip: 2, Version: v1.10"
)
MEANT = (
    "a (red:1.3) car \\{kept\\} --ar 3:2 --seed 4 --no fog, (bad hands:1.4) --cfg 7 --steps 20 "
    "--sampler DPM++ 2M Karras --lora ink:0.8"
)
GRAPH = json.dumps(
    {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "x/dreamy.ckpt"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "an owl"}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "fog"}},
        "5": {
            "class_type": "KSampler",
            "inputs": {"positive": ["2", 0], "negative": ["3", 0], "seed": 4, "steps": 9, "cfg": 5},
        },
    }
)
DRAWN = json.dumps(
    {
        "nodes": [
            {"id": 2, "type": "CLIPTextEncode", "widgets_values": ["an owl"]},
            {
                "id": 5,
                "type": "KSampler",
                "widgets_values": [4, "fixed", 9, 5, "euler", "normal", 1],
                "inputs": [{"name": "positive", "link": 7}],
            },
        ],
        "links": [[7, 2, 0, 5, 1, "CONDITIONING"]],
    }
)
SWARM = json.dumps(
    {"sui_image_params": {"prompt": "an owl", "negativeprompt": "fog", "model": "d", "seed": 4}}
)
INVOKE = json.dumps(
    {"positive_prompt": "an owl", "negative_prompt": "fog", "seed": 4, "model": {"name": "d"}}
)
FOOOCUS = json.dumps(
    {"prompt": "an owl", "negative_prompt": "fog", "base_model": "d.safetensors", "seed": "4"}
)
NOVELAI = {
    "Description": "an owl",
    "Software": "NovelAI",
    "Source": "NovelAI Diffusion V4",
    "Comment": json.dumps(
        {
            "prompt": "1.3::an owl::",
            "uc": "fog",
            "seed": 4,
            "v4_prompt": {"caption": {"char_captions": [{"char_caption": "a girl"}]}},
        }
    ),
}
IMAGINED = "an owl --ar 3:2 --v 7 Job ID: 01234567-89ab-cdef-0123-456789abcdef"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description><dc:description><rdf:Alt>'
    '<rdf:li xml:lang="x-default">an owl &amp; a cat --v 7</rdf:li></rdf:Alt></dc:description>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def png(**texts: str) -> bytes:
    """A PNG with text chunks."""
    chunks = PngInfo()
    for name, text in texts.items():
        chunks.add_text(name, text, zip=len(text) > 200)
    return hostile.encoded(DOT, "PNG", pnginfo=chunks)


def exif(kind: str, comment: bytes | str = b"", **tags: str) -> bytes:
    """A file with EXIF."""
    block = Image.Exif()
    for name, text in tags.items():
        block[{"ImageDescription": 0x010E, "Make": 0x010F, "Model": 0x0110}[name]] = text
    if comment:
        block.get_ifd(0x8769)[0x9286] = comment
    return hostile.encoded(DOT, kind, exif=block.tobytes())


def hidden(text: str, *, packed: bool) -> bytes:
    """A PNG whose transparency holds a text, as sd-webui-stealth-pnginfo writes it."""
    body = gzip.compress(text.encode()) if packed else text.encode()
    whole = (b"stealth_pngcomp" if packed else b"stealth_pnginfo") + (8 * len(body)).to_bytes(4)
    bits = "".join(f"{byte:08b}" for byte in whole + body)
    image = Image.new("RGBA", (100, 60), (9, 9, 9, 254))
    for place, bit in enumerate(bits):
        image.putpixel(divmod(place, 60), (9, 9, 9, 254 + int(bit)))
    return hostile.encoded(image, "PNG")


def utf16(text: str, order: str = "be") -> bytes:
    """An EXIF comment."""
    return b"UNICODE\0" + text.encode(f"utf-16-{order}")


FILES: dict[str, tuple[bytes, str, str]] = {
    "A1111 PNG": (png(parameters=INFOTEXT), "AUTOMATIC1111", MEANT),
    "A1111 JPEG": (exif("JPEG", utf16(INFOTEXT)), "AUTOMATIC1111", MEANT),
    "A1111 JPEG low": (exif("JPEG", utf16(INFOTEXT, "le")), "AUTOMATIC1111", MEANT),
    "A1111 ASCII": (exif("JPEG", b"ASCII\0\0\0" + INFOTEXT.encode()), "AUTOMATIC1111", MEANT),
    "A1111 WebP": (exif("WEBP", utf16(INFOTEXT)), "AUTOMATIC1111", MEANT),
    "A1111 hidden": (hidden(INFOTEXT, packed=False), "AUTOMATIC1111", MEANT),
    "A1111 hidden, packed": (hidden(INFOTEXT, packed=True), "AUTOMATIC1111", MEANT),
    "ComfyUI PNG": (png(prompt=GRAPH), "ComfyUI", "an owl --seed 4 --no fog --cfg 5 --steps 9"),
    "ComfyUI WebP": (
        exif("WEBP", Make='workflow:{"nodes": []}', Model=f"prompt:{GRAPH}"),
        *("ComfyUI", "an owl --seed 4 --no fog --cfg 5 --steps 9"),
    ),
    "SwarmUI PNG": (png(parameters=SWARM), "SwarmUI", "an owl --seed 4 --no fog"),
    "SwarmUI JPEG": (exif("JPEG", utf16(SWARM)), "SwarmUI", "an owl --seed 4 --no fog"),
    "InvokeAI": (png(invokeai_metadata=INVOKE), "InvokeAI", "an owl --seed 4 --no fog"),
    "Fooocus PNG": (png(parameters=FOOOCUS), "Fooocus", "an owl --seed 4 --no fog"),
    "Fooocus WebP": (exif("WEBP", FOOOCUS), "Fooocus", "an owl --seed 4 --no fog"),
    "NovelAI": (png(**NOVELAI), "NovelAI", "(an owl:1.3), a girl --seed 4 --no fog"),
    "NovelAI hidden": (
        hidden(json.dumps(NOVELAI), packed=True),
        *("NovelAI", "(an owl:1.3), a girl --seed 4 --no fog"),
    ),
    "Midjourney": (png(Description=IMAGINED), "Midjourney", "an owl --ar 3:2 --version 7"),
    "Midjourney JPEG": (
        exif("JPEG", ImageDescription=IMAGINED),
        *("Midjourney", "an owl --ar 3:2 --version 7"),
    ),
    "Midjourney XMP": (
        hostile.encoded(DOT, "WEBP", xmp=XMP.encode()),
        *("Midjourney", "an owl & a cat --version 7"),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_every_program_s_prompt_is_read(name: str) -> None:
    data, program, spelling = FILES[name]
    cleaned = clean(data)
    known = read_known(cleaned.texts)
    assert known
    assert (known.program, known.prompt.spelling) == (program, spelling)
    assert parse(known.prompt.spelling) == known.prompt
    # Nothing of it is left in what is handed on.
    assert read_texts(cleaned.png) == {}


def test_models_are_told_by_name() -> None:
    models = {name: known.model for name, known in _read_all() if known.model}
    assert models.pop("NovelAI") == models.pop("NovelAI hidden") == "NovelAI Diffusion V4"
    assert set(models.values()) == {"dreamy", "d"}


def _read_all() -> list[tuple[str, Any]]:
    return [(name, read_known(clean(data).texts)) for name, (data, *_) in FILES.items()]


def test_easel_s_own_pictures_carry_their_recipe() -> None:
    made = recipe("a red apple", parameters="--ar 3:2 --no fog")
    single = encode_png(DOT, made, index=2)
    for data, seed in ((single, 9), (hostile.encoded(DOT, "JPEG", exif=encode_exif(made)), 7)):
        known = read_known(clean(data).texts)
        assert known
        assert known.recipe == (narrow(made, 2) if seed == 9 else made)
        assert known.prompt.spelling == f"a red apple --ar 3:2 --seed {seed} --no fog"
    old = read_known(clean(encode_png(DOT, recipe("an owl --not a flag"))).texts)
    assert old
    assert old.prompt.text == "an owl --not a flag"


@pytest.mark.parametrize(
    "data",
    [
        png(Description="A nice day", Software="Paint"),
        png(parameters="a prompt without settings"),
        png(parameters='{"prompt": "an owl", "mood": "calm"}'),
        png(prompt='{"subject": "an owl"}'),
        png(prompt=json.dumps({"1": {"class_type": "KSampler", "inputs": {"seed": 4}}})),
        png(easel='{"version": 99}', Comment="{" * 60_000),
        exif("JPEG", utf16("Nice --day")),
        hidden("hello", packed=False),
        hostile.png(9, 9, hostile.chunk(b"zTXt", b"parameters\0\0damaged")),
    ],
)
def test_other_files_say_nothing(data: bytes) -> None:
    assert read_known(clean(data).texts) is None


def test_texts_are_bounded() -> None:
    packed = zlib.compress(b"x" * 50_000_000, 9)
    bomb = hostile.chunk(b"zTXt", b"parameters\0\0" + packed)
    many = [hostile.chunk(b"tEXt", b"k%d\0" % place + b"y" * 50_000) for place in range(9)]
    texts = read_texts(hostile.png(9, 9, bomb, *many))
    assert sum(map(len, texts.values())) <= MOST_TEXT
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 255))
    assert clean(hostile.encoded(image, "PNG")).texts == {}


DAMAGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8)


@given(st.sampled_from(sorted(FILES)), DAMAGES, st.floats(0, 1))
def test_damaged_files_raise_nothing(
    name: str, damages: list[tuple[float, int]], end: float
) -> None:
    data = bytearray(FILES[name][0])
    for place, value in damages:
        data[int(place * (len(data) - 1))] = value
    read_known(read_texts(bytes(data)))
    read_known(read_texts(bytes(data[: int(end * len(data))])))


KEYS = st.sampled_from(
    ["prompt", "uc", "nodes", "inputs", "class_type", "sui_image_params", "v4_prompt", "caption"]
)
BODIES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["parameters", "UserComment", "Comment", "prompt", "hidden", "Description", "easel", "Model"]
)
TEXTS = st.text(max_size=40) | st.dictionaries(KEYS, BODIES, max_size=4).map(json.dumps)


@given(st.dictionaries(NAMES, TEXTS, max_size=4))
def test_whatever_a_file_says_raises_nothing(texts: dict[str, str]) -> None:
    read_known(texts)


WRITTEN = {
    "prompt": GRAPH,
    "workflow": DRAWN,
    "parameters": SWARM,
    "invokeai_metadata": INVOKE,
    "Comment": NOVELAI["Comment"],
    "easel": json.dumps(recipe().to_json()),
}


def _exchange(body: Any, places: list[float], value: Any) -> Any:
    """JSON with another value at one place: into each level by a share of its length."""
    if not places or not isinstance(body, (dict, list)) or not body:
        return value
    keys = list(body) if isinstance(body, dict) else range(len(body))
    changed = keys[min(int(places[0] * len(keys)), len(keys) - 1)]
    pairs = body.items() if isinstance(body, dict) else enumerate(body)
    parts = {k: _exchange(v, places[1:], value) if k == changed else v for k, v in pairs}
    return parts if isinstance(body, dict) else list(parts.values())


@given(st.sampled_from(sorted(WRITTEN)), st.lists(st.floats(0, 1), max_size=6), BODIES)
def test_whatever_stands_in_one_place_raises_nothing(
    name: str, places: list[float], value: Any
) -> None:
    body = _exchange(json.loads(WRITTEN[name]), places, value)
    read_known({name: json.dumps(body)})


def test_a_graph_with_millions_of_ways_through_it_is_read_once() -> None:
    nodes = {
        str(place): {
            "class_type": "ConditioningCombine",
            "inputs": {f"conditioning_{side}": [str(place + 1), 0] for side in (1, 2)},
        }
        for place in range(36)
    }
    nodes["36"] = {"class_type": "CLIPTextEncode", "inputs": {"text": "an owl"}}
    nodes["k"] = {"class_type": "KSampler", "inputs": {"positive": ["0", 0]}}
    # Without remembering where it was, this would take days.
    assert parse(json.dumps(nodes)).text == "an owl"
