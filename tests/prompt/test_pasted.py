"""Our own table of prompts as people paste them: what each of them stands for."""

import pytest

from generation.catalogue.families import find_card
from prompt.errors import PromptError
from prompt.resolution.orders import read_orders
from prompt.resolution.references import list_addresses
from prompt.resolution.resolve import Resolved, resolve

DRAWN = [
    # As blogs, phones and chats spell flags.
    ("A lone lighthouse, oil on canvas –ar 3:2 –v 5.2", "A lone lighthouse, oil on canvas",
     "--ar 3:2 --version 5.2"),
    ("a fox in the snow—ar 4:5 —s 50", "a fox in the snow", "--ar 4:5 --stylize 50"),
    ("竹林里的熊猫，水彩——ar 9:16", "竹林里的熊猫，水彩", "--ar 9:16"),
    ("قطة على سطح —ar 1:2", "قطة على سطح", "--ar 1:2"),
    ("夜の東京、雨 --niji 6 --ar 2:3", "夜の東京、雨", "--ar 2:3 --niji 6"),
    ("an owl -- ar 3:2 -- v 6", "an owl", "--ar 3:2 --version 6"),
    ("an owl --ar3:2 --v6.1 --q2", "an owl", "--ar 3:2 --quality 2 --version 6.1"),
    ("an owl --AR 16x9 --Style Raw", "an owl", "--ar 16:9 --style Raw"),
    ("an owl, detailed, --ar 2:3, --niji 5.", "an owl, detailed", "--ar 2:3 --niji 5"),
    # Text around and between.
    ("`an owl --ar 3:2`", "an owl", "--ar 3:2"),
    ("**an owl --ar 3:2 --v 7** - Upscaled (Subtle) by @mira (fast)", "an owl",
     "--ar 3:2 --version 7"),
    ("/imagine prompt: an owl --seed 4", "an owl", "--seed 4"),
    ("an owl\non a wire\n\n--ar 3:2\n--seed 4", "an owl on a wire", "--ar 3:2 --seed 4"),
    ("an owl --ar 3:2 at dusk", "an owl at dusk", "--ar 3:2"),
    ("--ar 3:2 an owl", "an owl", "--ar 3:2"),
    ("an owl (--ar 3:2) | --seed 4", "an owl", "--ar 3:2 --seed 4"),
    ('"open late" neon sign, 80’s diner', '"open late" neon sign, 80’s diner', ""),
    ("a bridge — no cars, no people", "a bridge — no cars, no people", ""),
    ("well-known state-of-the-art 1920–1930 car", "well-known state-of-the-art 1920–1930 car", ""),
    # Lists, codes and repeated flags.
    ("an owl --no fog, rain --seed 1 --no snow --seed 2", "an owl",
     "--seed 2 --no fog, rain, snow"),
    ("an owl --sref 12 34::2 random --sw 200", "an owl", "--sref 12 34::2 random --sw 200"),
    ("an owl --p ab12 m34::2 --s 1000", "an owl", "--stylize 1000 --profile ab12 m34::2"),
    ("an owl --tile --raw --turbo --stealth", "an owl", "--tile --raw --turbo --stealth"),
    ("an owl --style cute --niji 5 --weird 10 --chaos 5 --stop 90", "an owl",
     "--niji 5 --chaos 5 --weird 10 --stop 90 --style cute"),
    ("an owl --wallpaper --uplight --creative", "an owl", "--uplight --creative --wallpaper"),
    # Weights.
    ("owl:: forest::2 fog::-.5", "owl:: forest::2 fog::-0.5", ""),
    ("owl ::2 forest", "owl::2 forest", ""),
    ("owl:: --ar 3:2", "owl", "--ar 3:2"),
    # Links.
    ("<https://s.mj.run/a1-B2> an owl --iw 2", "https://s.mj.run/a1-B2 an owl", "--iw 2"),
    ("an owl https://a.example/b.png?ex=1&hm=2& --ar 3:2",
     "https://a.example/b.png?ex=1&hm=2& an owl", "--ar 3:2"),
    ("www.a.example/b.png an owl", "https://www.a.example/b.png an owl", ""),
    ("[my owl](https://a.example/b.png) in oil", "https://a.example/b.png my owl in oil", ""),
    ("https://a.example/b.png--iw 2", "https://a.example/b.png", "--iw 2"),
    ("an owl --sref <https://s.mj.run/ab>::2 #34::1.5", "an owl",
     "--sref https://s.mj.run/ab::2 34::1.5"),
    # Numbers in every spelling.
    ("an owl --ar 16 to 9 --s 1 000", "an owl", "--ar 16:9 --stylize 1000"),
    ("an owl --ar 16.9 --s 1’000 --q ½", "an owl", "--ar 16:9 --quality 0.5 --stylize 1000"),
    ("an owl --ar portrait --s 1k --q 1/2", "an owl", "--ar 2:3 --quality 0.5 --stylize 1000"),
    ("an owl --v 6,1 --seed #7", "an owl", "--seed 7 --version 6.1"),
    ("owl::50% fog::1/4", "owl::0.5 fog::0.25", ""),
    ("山：：2 水", "山::2 水", ""),
    # Single hyphens, glued flags and names with their value.
    ("an owl -ar 4:5 -v 6 -style raw", "an owl", "--ar 4:5 --version 6 --style raw"),
    ("an owl -v 6", "an owl", "--version 6"),
    ("an owl--tile", "an owl", "--tile"),
    ("an owl--no fog--ar 3:2", "an owl", "--ar 3:2 --no fog"),
    ("an owl --no-text --no_people", "an owl", "--no text, people"),
    ('an owl --no "fog"; rain::2', "an owl", "--no fog, rain"),
    ('an owl --sampler "k_euler_a" --cfg 7,5', "an owl", "--cfg 7.5 --sampler Euler a"),
    ("an owl --p ab12 in oil", "an owl in oil", "--profile ab12"),
    ("an owl --w 512 --h 768", "an owl", "--ar 2:3"),
    # From results, chats and pages.
    ("an owl --v 6 - Upscaled (2x) by @mira (fast)", "an owl", "--version 6"),
    ("an owl --seed 5 — @mira 128×128 · seed 5 · 12 steps", "an owl", "--seed 5"),
    ("**an owl** — Bild #2, vergrößert von <@12>", "an owl", ""),
    ("<@123> an owl <:hoot:45>\u200b", "an owl hoot", ""),
    ("> an owl\n> in oil", "an owl in oil", ""),
    ("||an owl \\-\\-ar 3:2||", "an owl", "--ar 3:2"),
    ("an &quot;owl&quot;&nbsp;&mdash;ar 3:2<br>", 'an "owl"', "--ar 3:2"),
    ("/imagine prompt an owl", "an owl", ""),
    # From other programs.
    ("(owl:1.2), ((snow)), at 12:30", "(owl:1.2), ((snow)), at 12:30", ""),
    ("owl\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 4, Size: 512x768",
     "owl", "--ar 2:3 --seed 4 --no fog --cfg 7 --steps 20 --sampler Euler a"),
    ('{"prompt": "an owl", "negative_prompt": "fog", "width": 1024, "height": 768}',
     "an owl", "--ar 4:3 --no fog"),
    ('{"subject": "an owl", "light": {"time": "dusk"}} --v 7',
     "subject: an owl, time: dusk", "--version 7"),
]  # fmt: skip

SEVERAL = [
    ("a {red, blue} owl", ["a red owl", "a blue owl"]),
    ("an {owl {at dawn, at dusk}, elk}", ["an owl at dawn", "an owl at dusk", "an elk"]),
    (r"{red\, white, blue} flag", ["red, white flag", "blue flag"]),
    ("owl --ar {1:1, 3:2} --seed {1, 2}", [
        "owl --ar 1:1 --seed 1", "owl --ar 1:1 --seed 2",
        "owl --ar 3:2 --seed 1", "owl --ar 3:2 --seed 2",
    ]),
    ("owl --{v 5, niji, tile}", ["owl --version 5", "owl --niji", "owl --tile"]),
    ("owl {, --p {, ab12}}", ["owl", "owl --profile", "owl --profile ab12"]),
    ("owl::{1, 2} fog::-.5", ["owl:: fog::-0.5", "owl::2 fog::-0.5"]),
    ("owl --repeat 2", ["owl --repeat 2", "owl --repeat 2"]),
    ("{赤、青}い鳥", ["赤い鳥", "青い鳥"]),
]  # fmt: skip

REFUSED = [
    ("--ar 3:2", "Say what to draw"),
    ("an owl --chaoss 10", "did you mean `--chaos`?"),
    ("an owl --mystyle", "`--mystyle` is not a flag"),
    ("an owl --negative fog", "did you mean `--no`?"),
    ("an owl --s 5000", "`--s` takes a whole number from 0 to 1000, not `5000`."),
    ("an owl --ar wide", "not `wide`."),
    ("an owl --ar 30:1", "draws from 1:4 to 4:1"),
    ("an owl --video", "still pictures"),
    ("an owl --v seven", "takes a version number, or nothing, not `seven`."),
    ("an owl --tile false", "takes no value, not `false`."),
    ("an owl --sref abc", "takes image links or codes, not `abc`."),
    ("an owl --风格 raw", "`--风格` is not a flag"),
    ("an owl —chaoss 10", "did you mean `--chaos`?"),
    ("an owl --cref 12 --cw 0", "`--cref` takes image links, not `12`."),
    ("an owl::-1", "add up to -1"),
    ("{a,b,c,d,e,f,g} {a,b,c,d,e,f}", "more than 40 prompts"),
    ("{a,b} --repeat 30", "This makes 60 jobs"),
]


def draw(text: str) -> list[Resolved]:
    return [
        resolve(
            order.prompt,
            find_card("easel"),
            model="m",
            seed=1,
            images=["ab" * 32] * len(order.prompt.images),
            kept=dict.fromkeys(list_addresses(order.prompt.flags), "cd" * 32),
        )
        for order in read_orders(text)
    ]


@pytest.mark.parametrize(("text", "words", "flags"), DRAWN)
def test_one_prompt_is_understood(text: str, words: str, flags: str) -> None:
    (order,) = read_orders(text)
    assert order.prompt.spelling == f"{words} {flags}".rstrip()
    assert draw(text)


@pytest.mark.parametrize(("text", "prompts"), SEVERAL)
def test_several_prompts_are_understood(text: str, prompts: list[str]) -> None:
    assert [order.prompt.spelling for order in read_orders(text)] == prompts


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_cannot_be_drawn_is_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(PromptError) as caught:
        draw(text)
    assert said in caught.value.sentence
