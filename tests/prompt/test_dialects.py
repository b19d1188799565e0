import pytest
from hypothesis import given

from prompt.reading.dialects import reword, translate
from tests.prompt.strategies import texts

SAVED = (
    "1girl, snow\nNegative prompt: lowres, (bad hands:1.4)\nSteps: 28, Sampler: DPM++ 2M, "
    "Schedule type: Karras, CFG scale: 7, Seed: 12, Size: 512x768, Model hash: ab12, Clip skip: 2"
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        # Stable Diffusion's programs.
        (
            SAVED,
            (
                "1girl, snow --no lowres, (bad hands:1.4) --steps 28 "
                "--sampler DPM++ 2M Karras --cfg 7 --seed 12 --ar 2:3"
            ),
        ),
        ("owl Negative prompt: fog, text", "owl --no fog, text"),
        ("owl, negative_prompt: fog --ar 3:2", "owl --no fog --ar 3:2"),
        ("owl\nNegative: fog\nAspect ratio: 16:9", "owl --no fog --ar 16:9"),
        ("owl\nNegative prompt:\nSteps: 20, Seed: -1, Sampler: PLMS, Size: 512x512",
         "owl --steps 20 --ar 1:1"),
        ("owl -W 512 -H 768", "owl --ar 2:3"),
        ("owl --w 1024 --h 768 --s 50", "owl --s 50 --ar 4:3"),
        ("an owl AND a fox :1.2 --ar 3:2", "an owl:: a fox::1.2 --ar 3:2"),
        ("owl++ (on a wire)- in (snow)1.3", "(owl:1.21) (on a wire:0.9) in (snow:1.3)"),
        ("{{{owl}}}, {fog|rain, snow}, [moon]",
         "(owl:1.157625), {fog, rain\\, snow}, (moon:0.9523809524)"),
        ("an {owl} {{in, snow}}", "an (owl:1.05) (in, snow:1.1025)"),
        ("1.5::owl::, -1::fog ::", "(owl:1.5), (fog:-1)"),
        ("__animal/birds__, <hypernet:x:1>, <embed:y>, owl", "birds, embedding:y, owl"),
        ("（owl：１．２） (fog：0.5)", "(owl:1.2) (fog:0.5)"),
        ("a ratio of [16:9]", "a ratio of [16:9]"),
        ('("owl", "a fox").blend(0.7, 0.3) --ar 3:2', "owl::0.7 a fox::0.3 --ar 3:2"),
        ('("owl in snow", "fog").and()', "owl in snow:: fog::"),
        ('an owl.swap(fox) in "snow".swap("a red fog")', "an owl fox in snow a red fog"),
        ("a [owl:fox:0.5], [red|green] hat [cat::9]", "a owl fox, red green hat cat"),
        ("<random:owl,fox> <break> <lyco:ink:1>", "{owl, fox} BREAK <lora:ink:1>"),
        # Web services and FLUX.
        ('{"prompt": "owl", "negative_prompt": "fog", "width": 1024, "height": 768, "seed": 3}',
         "owl --no fog --seed 3 --ar 4:3"),
        ('```json\n[{"prompt": "owl {red}"}]\n```', r"owl \{red\}"),
        ('{"subject": "owl", "style": {"light": "soft", "hues": ["teal", "rust"]}} --v 7',
         "subject: owl, light: soft, hues: teal, rust --v 7"),
        ('{"quality": "high", "aspect_ratio": "wide", "n": null, "hd": true}',
         "quality: high, aspect_ratio: wide"),
        # Chats and pages.
        ("**owl --ar 3:2** — Variations (Strong) of image #2 by <@12>\n-# 128×128 · seed 5",
         "owl --ar 3:2"),
        ("owl --v 6 - Upscaled (2x) by @maya (fast)", "owl --v 6"),
        ("https://a.example/b.png--iw 2 owl", "https://a.example/b.png --iw 2 owl"),
        ("www.a.example/b.png owl", "https://www.a.example/b.png owl"),
        ("山：：2 水", "山::2 水"),
    ],
)  # fmt: skip
def test_other_spellings_become_ours(text: str, meant: str) -> None:
    assert " ".join(translate(text)[0].replace("**", "").strip("`").split()) == meant


@pytest.mark.parametrize(
    "text",
    [
        "(owl:1.2) in ((snow)), (at 12:30), {red, blue} [x]",
        "{red, green} owl",
        '{"a": }',
        "the steps: 20, then a negative: no",
        "a portrait by @maya (fast)",
        "an owl — by moonlight",
        "std::vector (C++)",
        "https://a.example/x?hm=ab--v&b=1 owl",
        "-h 512 -w",
    ],
)
def test_what_is_ours_stays(text: str) -> None:
    assert translate(text) == (text, ())


def test_every_change_of_meaning_is_told() -> None:
    assert translate("[owl:fox:5]\nNegative prompt: fog")[1] == (
        "Read `Negative prompt: fog` as `--no fog`.",
        (
            "All words of `[owl:fox:5]` count from the first step: words cannot change while a "
            "picture is drawn here."
        ),
    )
    assert translate('{"prompt": "owl"}')[1] == ('Read `{"prompt": "owl"}` as `owl`.',)


@given(texts)
def test_a_second_reading_changes_nothing(text: str) -> None:
    once = reword(text)[0]
    assert reword(once) == (once, ())


def test_json_may_not_nest_without_end() -> None:
    deep = '{"a":' * 1200
    assert translate(deep) == (deep, ())
