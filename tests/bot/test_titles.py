"""What a job is titled with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import messages, titles
from generation.derive import Parent, extend, make_square, reroll
from generation.recipe import Ingredient
from prompt.reading.grammar import parse
from tests.bot.samples import job, recipe

COFFEE = "https://cdn.discordapp.com/attachments/1/2/coffee.png?ex=6a&is=5b&hm=0123"
CAT = "https://cdn.discordapp.com/attachments/1/3/my%20cat.jpg?ex=6a&is=5b&hm=4567"


def titled(text: str, attached: tuple[str, ...] = (), **changes: object) -> str:
    """The title of a job that was asked for so, with a recipe made of it."""
    prompt = parse(text)
    made = recipe(prompt.text, **changes)
    return titles.write_title(job(origins=titles.keep_title(text, prompt, attached)), made)


@pytest.mark.parametrize(
    ("text", "attached", "title"),
    [
        ("a red apple --s 250 --aspect 1:1", (), "**a red apple --s 250 --aspect 1:1 --seed 7**"),
        ("a cat --seed 7 —chaos 5", (), "**a cat --seed 7 —chaos 5**"),
        (f"a fox --sref {COFFEE} --sw 50", (), "**a fox --sw 50 --seed 7** · style: coffee.png"),
        (f"{COFFEE} a fox", (), "**a fox --seed 7** · coffee.png"),
        ("a fox", (COFFEE, CAT), "**a fox --seed 7** · 2 images"),
        ("a fox", (CAT,), "**a fox --seed 7** · my cat.jpg"),
        (f"a fox --cref {CAT} {COFFEE}", (), "**a fox --seed 7** · character: 2 images"),
    ],
)
def test_it_is_what_was_typed_with_images_by_name(
    text: str, attached: tuple[str, ...], title: str
) -> None:
    assert titled(text, attached) == title


def test_a_job_from_before_anything_was_kept_is_titled_from_its_recipe() -> None:
    old = recipe("a fox", parameters=f"--ar 1:1 --sref {COFFEE}")
    assert titles.write_title(job(), old) == "**a fox --ar 1:1 --seed 7** · style: coffee.png"


def test_what_has_no_words_is_called_by_its_images() -> None:
    two = (Ingredient(image="a" * 64), Ingredient(image="b" * 64))
    assert titles.write_title(job(), recipe("", blend=two, phrases=())) == "**2 images --seed 7**"
    known = job(origins=titles.keep_title("", parse(""), (COFFEE,)))
    assert titles.write_title(known, recipe("", phrases=())) == "**coffee.png --seed 7**"


def test_a_ratio_is_that_of_the_pictures() -> None:
    wide = recipe("a fox", parameters="--ar 16:9", width=224, height=128)
    assert "--ar 16:9" in titles.write_title(job(), wide)
    made = extend(Parent(wide, 0, "ab"), 5, make_square(wide))
    assert "--ar 1:1" in titles.write_title(job(), made)
    typed = job(origins={titles.TYPED: "a fox --aspect 16:9"})
    assert "--aspect 1:1" in titles.write_title(typed, made)


def test_what_was_not_typed_stands_in_small_print() -> None:
    made = recipe("a fox", parameters="--stylize 50 --chaos 5")
    known = {"stylize": "your preferences", "chaos": "typed", titles.TYPED: "a fox --c 5"}
    assert "--stylize" not in titles.write_title(job(origins=known), made)
    assert "`--stylize 50`" in messages.write_settings(job(origins=known), made)
    assert "--stylize" not in messages.write_settings(job(), made)


def test_the_seed_is_said_once() -> None:
    for known in (None, {titles.TYPED: "a fox --seed 3"}):
        whole = messages.write_finished(job(origins=known), recipe("a fox"))
        assert whole.count("seed") == 1
        assert "--seed 7" in whole


def test_a_new_seed_replaces_the_one_that_was_typed() -> None:
    before = recipe("a fox")
    after = reroll(before, 99)
    known = titles.inherit_title({titles.TYPED: "a fox --seed 7"}, before, after)
    assert titles.write_title(job(origins=known), after) == "**a fox --seed 99**"
    assert titles.inherit_title(known, before, recipe("a cat")) == {}


def test_a_random_style_is_told_by_its_code() -> None:
    made = recipe("a fox", parameters="--sref 12 345::2 678")
    known = {titles.TYPED: "a fox --sref 12 random::2 random --c 5"}
    title = titles.write_title(job(origins=known), made)
    assert "--sref 12 345::2 678 --c 5" in title.replace("\\", "")


def test_a_long_prompt_is_shortened() -> None:
    long = recipe("word " * 1000)
    assert titles.write_title(job(), long).endswith("…**")
    assert titles.is_shortened(job(), long)
    assert not titles.is_shortened(job(), recipe())


@given(st.text(max_size=600), st.lists(st.text(max_size=300), max_size=5))
def test_any_file_names_fit(text: str, names: list[str]) -> None:
    links = tuple(f"https://cdn.example/{name}?hm=1" for name in names)
    known = titles.keep_title(text, parse(""), links)
    assert len(messages.write_finished(job(origins=known), recipe(text))) <= messages.CONTENT_LIMIT
