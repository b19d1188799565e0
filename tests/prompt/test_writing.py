"""Prompts in other programs' forms: what is written is read back, and all that is lost is told."""

import itertools
import json
from contextlib import suppress
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from generation.recipe import Phrase
from prompt.errors import PromptError
from prompt.flags.table import BY_NAME, RATIO, WEIGHTING
from prompt.reading.emphasis import read_emphasis
from prompt.reading.grammar import Prompt, parse
from prompt.resolution.orders import read_orders
from prompt.writing.positives import TABLE
from prompt.writing.programs import ABILITIES, Program
from prompt.writing.sides import compute_sides, round_ratio
from prompt.writing.write import is_templated, put_into_prose, write_prompt
from tests.prompt.strategies import prompts
from tests.prompt.test_thousand import THOUSAND

UNSURE = "look through them once more"
CHANGED = ("it is written as", "usually have", "quality tags", "said what is there instead")
A1111 = """a (red:1.3) car, ((snow)) BREAK [old] tree <lora:ink:0.8>
Negative prompt: fog, (bad hands:1.4)
Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 4, Size: 1408x792, \
Batch size: 2"""
TYPED = (
    "a (red:1.3) car, ((snow)) BREAK [old] tree --no fog, (bad hands:1.4) --ar 16:9 --seed 4 "
    "--steps 20 --cfg 7.5 --sampler DPM++ 2M Karras --batch 2 --lora ink:0.8"
)
FLAGS = (
    *("ar", "seed", "no", "cfg", "steps", "sampler", "batch", "lora", "weighting"),
    *("chaos", "strength", "sref", "tile", "version"),
)
WORDS = st.sampled_from(
    ["owl", "a red car", "猫", "état", "in snow", "3d", "well-known", "(photo)"]
)
WEIGHTS = st.sampled_from([1.0, 1.0, 0.5, 1.1, 1.3, 2.0, 0.0, 1.21])


@st.composite
def weighted(draw: st.DrawFn) -> Phrase:
    """A phrase with token weights."""
    parts = draw(st.lists(st.tuples(WORDS, WEIGHTS), min_size=1, max_size=4))
    words = (word if weight == 1.0 else f"({word}:{weight})" for word, weight in parts)
    phrase = read_emphasis(draw(st.sampled_from([", ", " BREAK "])).join(words))
    return replace(phrase, weight=draw(st.sampled_from([1.0, 1.0, 2.0, 0.5])))


@st.composite
def neutral(draw: st.DrawFn) -> Prompt:
    """A prompt with any flags, and phrases with weights of their own and of their words."""
    whole = draw(prompts(*FLAGS))
    phrases = tuple(draw(st.lists(weighted(), min_size=1, max_size=3)))
    if len(phrases) == 1:
        phrases = (replace(phrases[0], weight=1.0),)
    return replace(whole, phrases=phrases)


def round_weights(prompt: Prompt) -> tuple[Phrase, ...]:
    """The phrases with token weights of as many decimals as are kept everywhere."""
    return tuple(
        replace(one, spans=tuple(replace(span, weight=round(span.weight, 2)) for span in one.spans))
        for one in prompt.phrases
    )


@given(neutral(), st.sampled_from(Program))
def test_what_is_written_is_read_again_and_all_else_is_told(
    prompt: Prompt, program: Program
) -> None:
    written = write_prompt(prompt, program)
    kept, told = written.kept, " ".join(written.lost)
    assert parse(written.text) == kept
    assert UNSURE not in told
    for name, value in prompt.flags.items():
        if name != WEIGHTING.name and BY_NAME[name].matters(value) and name not in kept.flags:
            assert f"--{name}" in told
    assert kept.images == prompt.images or "http" in told
    same = round_weights(kept) == round_weights(prompt)
    assert same or any(sentence in told for sentence in CHANGED)


@given(weighted())
def test_what_is_stable_diffusions_stays_as_it_is(phrase: Phrase) -> None:
    prompt = Prompt(phrases=(replace(phrase, weight=1.0),))
    written = write_prompt(prompt, Program.A1111)
    assert (written.kept, written.lost) == (prompt, ())
    assert write_prompt(parse(written.text), Program.A1111).text == written.text


def test_infotext() -> None:
    written = write_prompt(parse(TYPED), Program.A1111)
    assert (written.text, written.lost) == (A1111, ())


@pytest.mark.parametrize(
    ("program", "typed", "keys"),
    [
        (
            Program.NOVELAI,
            TYPED,
            {
                "prompt": "a 1.3::red:: car, 1.21::snow::, 0.91::old:: tree",
                "uc": "fog, 1.4::bad hands::",
                "noise_schedule": "karras",
            },
        ),
        (
            Program.INVOKEAI,
            TYPED,
            {
                "positive_prompt": "a (red)1.3 car, (snow)1.21, (old)0.91 tree",
                "negative_prompt": "fog, (bad hands)1.4",
                "scheduler": "dpmpp_2m_k",
                "loras": [{"model": {"name": "ink"}, "weight": 0.8}],
            },
        ),
        (
            Program.NOVELAI,
            "cat:: hat::2 dog::-0.5 --no fog",
            {"prompt": "0.67::cat::, 1.33::hat::", "uc": "fog, dog"},
        ),
    ],
)
def test_settings_as_json(program: Program, typed: str, keys: dict[str, object]) -> None:
    body = json.loads(write_prompt(parse(typed), program).text)
    assert {name: body[name] for name in keys} == keys


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_sides_are_near_the_ratio_and_never_huge(across: int, down: int) -> None:
    assume(max(across, down) <= 100 * min(across, down))
    for program in (Program.A1111, Program.NOVELAI):
        written = write_prompt(parse(f"an owl --ar {across}:{down}"), program)
        grain = ABILITIES[program].grain
        width, height = compute_sides(written.kept.flags["ar"], grain)
        assert f"{width}x{height}" in written.text or f'"width": {width}' in written.text
        assert width % grain == height % grain == 0
        assert width * height <= (1 if program is Program.NOVELAI else 1.8) * 2**20
        # Half a step on the shorter side, and as much on the longer one, or a whole one on it.
        near = (grain + 0.1 if grain == 8 else 1.6 * grain) / min(width, height)
        assert width / height == pytest.approx(across / down, rel=near)
        told = "it is written as" in " ".join(written.lost)
        assert told == (width * down != height * across)


def test_a_graph_is_whole() -> None:
    graph = json.loads(write_prompt(parse(TYPED), Program.COMFYUI).text)
    sampler = next(node for node in graph.values() if node["class_type"] == "KSampler")
    assert graph[sampler["inputs"]["negative"][0]]["inputs"]["text"] == "fog, (bad hands:1.4)"
    inputs = [value for node in graph.values() for value in node["inputs"].values()]
    assert None not in inputs
    assert {one[0] for one in inputs if isinstance(one, list)} <= graph.keys()


@pytest.mark.parametrize(
    ("program", "typed", "lost"),
    [
        (
            Program.A1111,
            "an owl --chaos 5 --v 7",
            "AUTOMATIC1111 has nothing for `--chaos 5`, `--version 7`, so that is left out.",
        ),
        (
            Program.MIDJOURNEY,
            "an (owl:1.3)",
            "Midjourney cannot say `an (owl:1.3)`; it is written as `an owl`.",
        ),
        (
            Program.COMFYUI,
            "an owl --ar 3:2 --seed 1 --steps 9 --cfg 4 --sampler DDIM",
            "ComfyUI needs `--batch 1` as well, which the prompt does not say.",
        ),
        (
            Program.A1111,
            "an owl --ar 1366:768 --steps 20 --seed 1",
            "AUTOMATIC1111 cannot say `--ar 1366:768`; it is written as `--ar 57:32`.",
        ),
        (
            Program.NOVELAI,
            "an owl --ar 16:9",
            "NovelAI cannot say `--ar 16:9`; it is written as `--ar 7:4`.",
        ),
        (
            Program.A1111,
            "an owl --ar 3:2",
            "AUTOMATIC1111 needs `--cfg 7 --steps 20` as well, which the prompt does not say.",
        ),
        (
            Program.INVOKEAI,
            "an (owl:-1)",
            "InvokeAI cannot say `an (owl:-1)`; it is written as `an (owl:0)`.",
        ),
    ],
)
def test_losses_are_told(program: Program, typed: str, lost: str) -> None:
    assert write_prompt(parse(typed), program).lost == (lost,)


@pytest.mark.parametrize("program", [one for one in Program if ABILITIES[one].samplers])
def test_every_sampler_is_read_back(program: Program) -> None:
    for sampler in ABILITIES[program].samplers:
        written = write_prompt(parse(f"an owl --sampler {sampler}"), program)
        assert parse(written.text).flags["sampler"] == sampler


GOLDEN = [
    ("cat::2 hat::1 dog::-0.5 --no fog", "midjourney", "cat::2 hat:: dog::-0.5 --no fog", ""),
    (
        "cat::2 hat::1 dog::-0.5 --no fog",
        *(
            "flux",
            "Cat, hat. Emphasis on cat. A little less of hat. Shown in clear air and with only",
        ),
        "FLUX has nothing for `--no dog`",
    ),
    (
        "(masterpiece:1.2), ((cute cat)), [dog]",
        *("a1111", "(masterpiece:1.2), ((cute cat)), [dog]", ""),
    ),
    (
        "(masterpiece:1.2), ((cute cat)), [dog]",
        *("flux", "Cute cat, dog. Emphasis on cute cat.", "quality tags, so they are left out"),
    ),
    ("{{{kawaii}}} cat", "a1111", "(kawaii:1.16) cat", ""),
    ("a <lora:ink:0.8>, BREAK forest", "a1111", "a BREAK forest <lora:ink:0.8>", ""),
    (
        "a <lora:ink:0.8>, BREAK forest",
        "flux",
        "a, forest",
        "FLUX has nothing for `--lora ink:0.8`",
    ),
    ("an owl --no (bad hands:1.4)", "dalle", "an owl", "nothing for `--no bad hands`"),
    (
        "an owl --no people, text",
        "flux",
        "An owl. Shown deserted and with clean,",
        "`text` → `with",
    ),
    ("an owl --no people --v 7", "midjourney", "an owl --no people --version 7", ""),
    (
        "an owl --no people --v 8.1 --w 250 --tile",
        *("midjourney", "an owl, deserted --version 8.1", "nothing for `--weird 250`, `--tile`"),
    ),
    (
        "score_9, source_anime, 1girl, long_hair --no score_4",
        "flux",
        "one girl, long hair",
        "`score_9`, `source_anime`, `sc",
    ),
    ("score_9, 1girl", "pony", "score_9, 1girl\nNegative prompt: score_6, score_5", "so that is"),
    ("1girl", "illustrious", "masterpiece, best quality, 1girl\n", "`masterpiece`, `best quality`"),
    ("an owl --ar 16:9", "dalle", "An owl. A wide picture, 16:9.", "cannot say `--ar 16:9`"),
    ("an owl --ar 16:9 --seed 4 --cfg 7", "flux", "an owl\nSeed: 4, Size: 1408x792", "`--cfg 7`"),
    ("eine Katze im Schnee, bei Nacht", "flux", "eine Katze im Schnee, bei Nacht", ""),
    ("a [bare], photo (medium)", "comfyui", "{", "needs"),
    ("sky, watercolor (medium)", "a1111", r"sky, watercolor \(medium\)", ""),
    ("sky, watercolor (medium)", "novelai", '{\n  "prompt": "sky, watercolor (medium)"', ""),
    (
        "astronaut::3 fog::",
        "pony",
        "score_9, score_8_up, score_7_up, (astronaut:1.5), (fog:0.6)",
        "so that is added",
    ),
    ("score_9, 1girl", "novelai", '{\n  "prompt": "1girl"', "quality tags"),
    (
        "1girl, long_hair, no humans --no lowres, hat",
        "midjourney",
        "one girl, long hair --no hat, humans",
        "quality tags",
    ),
    ("a cat, (hat:-1)", "midjourney", "a cat --no hat", "`a cat`"),
    ("cat, no humans", "flux", "Cat. Shown deserted.", "`humans` → `deserted`"),
    ("embedding:ink, an owl", "a1111", "ink, an owl", "`ink, an owl`"),
    ("an owl --no EasyNegative", "comfyui", "{", "`embedding:EasyNegative`"),
    ("pixel art, a knight --no 3d, realistic", "flux", "pixel art, a knight", "`--no realistic`"),
    (
        "a fox, neon signs, 85mm",
        "dalle",
        "A fox. Seen lit by neon signs. Taken with an 85mm lens.",
        "by",
    ),
    (
        "a cat, ukiyo-e, 3d render",
        "dalle",
        "A cat. Made in a ukiyo-e style and as a 3d render.",
        "by",
    ),
    ("Draw a wide image of an owl.", "midjourney", "An owl. --ar 3:2", "`An owl. --ar 3:2`"),
    (
        "A road. There are no cars in it.",
        "a1111",
        "A road.\nNegative prompt: cars",
        "`A road. --no",
    ),
    ("An owl. Square format.", "dalle", "An owl. Square format.", ""),
    (r"a \(literal\) bracket", "a1111", r"a \(literal\) bracket", ""),
    (r"a \(literal\) bracket", "dalle", "a literal bracket", "written as `a literal bracket`"),
    (
        "a fox, watercolour, rim light, wide shot",
        "flux",
        "A fox. Made in watercolour. Seen in rim light. Taken as a wide shot.",
        "by",
    ),
    ("A fox sits in the snow. It looks up at us.", "pony", "score_9", "so that is added"),
    ("A fox sits in the snow. " * 20, "a1111", "A fox sits", "reads 75 tokens together"),
    ("owl, " * 1199 + "owl", "dalle", "owl, owl", ""),
    ("https://a.example/b.png", "comfyui", "{", "nothing for `https://a.example/b.png`"),
]


@pytest.mark.parametrize(("typed", "target", "begins", "told"), GOLDEN)
def test_golden_cases(typed: str, target: str, begins: str, told: str) -> None:
    written = write_prompt(parse(typed), Program(target))
    assert written.text.startswith(begins)
    assert told in " ".join(written.lost)
    assert bool(told) == bool(written.lost)
    assert UNSURE not in " ".join(written.lost)


def test_weights_become_ideas_where_that_is_asked_for() -> None:
    prompt = parse("an (owl:1.3), snow, dusk, (fog:0.7)")
    written = write_prompt(prompt, Program.MIDJOURNEY, split=True)
    assert written.text == "an owl::1.3 snow, dusk:: fog::0.7"
    assert "it is written as" in written.lost[0]


def test_every_unwanted_word_has_one_saying_that_does_not_name_it() -> None:
    words = [word for _, every in TABLE for word in every]
    assert len(words) == len(set(words))
    assert len(TABLE) >= 55
    for positive, every in TABLE:
        assert not {"no", "not", "without", "free"} & set(positive.split())
        assert not set(every) & {*positive.split(), positive}


def _simplify(prompt: Prompt) -> Prompt:
    """A prompt without what asks for what happens anyway, and its ratio in lowest terms."""
    flags = {name: value for name, value in prompt.flags.items() if BY_NAME[name].matters(value)}
    if RATIO.name in flags:
        flags[RATIO.name] = round_ratio(flags[RATIO.name])
    return replace(prompt, phrases=round_weights(prompt), flags=flags)


def test_the_thousand_come_back_identical_or_with_a_told_loss() -> None:
    programs = itertools.cycle(Program)
    for one in THOUSAND:
        with suppress(PromptError):
            for order in read_orders(one.typed):
                # Each for one program, which takes all of them in turn.
                program = next(programs)
                written = write_prompt(order.prompt, program)
                same = _simplify(written.kept) == _simplify(order.prompt)
                assert same or written.lost, (program, one.typed)
                read = parse(written.text) == written.kept
                assert read or UNSURE in written.lost[-1], (program, one.typed)


TAGS: Final = "a red fox, oil painting, golden hour, close-up --ar 16:9 --no people"
SAID: Final = (
    "In this oil painting, taken close-up, a red fox rests in the golden hour in a deserted place,"
    " in a wide picture of 16:9."
)


@pytest.mark.parametrize("program", [Program.FLUX, Program.DALLE])
def test_a_paragraph_takes_the_place_of_the_template_where_it_says_all(program: Program) -> None:
    plain = write_prompt(parse(TAGS), program)
    assert is_templated(plain)
    said = put_into_prose(plain, SAID, program)
    assert SAID in said.text
    assert not is_templated(said)
    assert said.kept.flags == plain.kept.flags
    assert set(said.lost) < set(plain.lost)


@pytest.mark.parametrize(
    "lacking",
    [
        SAID.replace("red ", ""),
        SAID.replace("close-up", "near"),
        SAID.removesuffix("."),
        f"{SAID} --seed 3.",
        f"{SAID} <lora:ink:1>.",
        "",
    ],
)
def test_a_paragraph_that_lacks_something_or_says_more_is_left(lacking: str) -> None:
    plain = write_prompt(parse(TAGS), Program.DALLE)
    assert put_into_prose(plain, lacking, Program.DALLE) == plain
