"""Prompts from what is known of a picture, and ever shorter ones from what words do."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generation.catalogue.card import Card
from generation.catalogue.families import find_card
from generation.questions.description import Aspect, Certainty, describe
from generation.questions.measures import Measures, Swatch, measure
from generation.questions.question import Effect, Question, Seen, is_question
from prompt.describing.intents import INTENTS, reduce_ratio, split_items, write_intents, write_style
from prompt.describing.shorter import MOST, mask_words, shorten
from prompt.describing.targets import HERE, TARGETS, write_offers
from prompt.flags.table import RATIO
from prompt.reading.grammar import parse

EASEL, SDXL = find_card("easel"), find_card("sdxl")
APPLE = Measures(
    width=1200,
    height=800,
    palette=(Swatch("white", "ffffff", 0.7), Swatch("red", "d81f26", 0.25)),
    key="high",
    contrast="strong",
    warmth="warm",
    ground="white",
    placement="centred",
)
DUSK = Measures(
    width=640,
    height=427,
    palette=(Swatch("charcoal", "3b3b3d", 0.6), Swatch("navy", "14234f", 0.3)),
    key="low",
    warmth="cool",
    chroma="muted",
)


def ask(measures: Measures = APPLE, **more: str) -> Question:
    return Question(kind="describe", image="ab", measures=measures, family="easel", **more)  # type: ignore[arg-type]


def texts(question: Question, seen: Seen | None = None, turn: int = 0) -> list[str]:
    return [one.text for one in write_intents(describe(question, seen or Seen()), turn)]


def test_four_intents_of_what_is_known() -> None:
    seen = Seen(thing="apple", medium="3d", colour="red")
    style = "3d render, palette of white and red, warm tones, high-key lighting, strong contrast"
    light = "high-key lighting, strong contrast, warm tones"
    ground, place = "plain white background", "centred composition"
    assert texts(ask(), seen) == [
        f"a red apple, 3d render, {ground}, {light}, palette of white and red, {place}",
        f"{style}, of an apple",
        f"{light}, a red apple, {place}, {ground}",
        "a red apple, 3d render",
    ]


def test_what_is_not_known_is_not_said() -> None:
    known = describe(ask(DUSK), Seen())
    assert known.lacks_subject
    assert texts(ask(DUSK))[0] == (
        "low-key lighting, cool tones, muted colours, palette of charcoal and navy, wide format"
    )
    assert known.find_values(Aspect.SUBJECT) == ()


def test_a_word_completes_the_prompts_as_it_was_said() -> None:
    question = ask(DUSK, word="two rockets at dusk")
    known = describe(question, Seen(thing="rocket", colour="grey"))
    assert not known.lacks_subject
    assert known.find_values(Aspect.SUBJECT)[0].certainty is Certainty.EXACT
    assert texts(question)[0].startswith("two rockets at dusk, low-key lighting")
    assert texts(question)[1].endswith("of two rockets at dusk")


def test_the_true_prompt_comes_before_anything_measured_or_guessed() -> None:
    question = ask(exact="a red apple::2, ink --seed 7 --ar 1:1")
    known = describe(question, Seen(thing="cat"))
    prompts = write_intents(known)
    assert prompts[0].spelling == parse("a red apple::2, ink --seed 7 --ar 1:1").spelling
    assert "cat" not in prompts[0].text
    assert not known.lacks_subject
    assert all(RATIO.of(one.flags) for one in prompts)


def test_measured_pixel_art_is_surer_than_a_guessed_style() -> None:
    lattice = Measures(width=64, height=64, lattice=True)
    known = describe(ask(lattice), Seen(thing="ghost", medium="flat"))
    assert known.find(Aspect.MEDIUM) == ("pixel art",)
    assert known.find_values(Aspect.MEDIUM)[0].certainty is Certainty.MEASURED


def test_other_wordings_say_the_same() -> None:
    seen = Seen(thing="apple", medium="flat", colour="red")
    first, second = texts(ask(), seen), texts(ask(), seen, turn=1)
    assert first[0] != second[0]
    assert "on a plain white background" in second[0]
    assert texts(ask(), seen, turn=2) == first


def test_the_style_is_without_the_subject() -> None:
    style = write_style(describe(ask(), Seen(thing="apple", medium="3d")))
    assert "apple" not in style
    assert style.startswith("3d render, palette of white and red")


@st.composite
def pictures(draw: st.DrawFn) -> Image.Image:
    """A small picture of anything: of a few colours, in stripes, blocks or all over."""
    height, width = draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    colours = st.tuples(*[st.integers(0, 255)] * 3)
    few = np.array(draw(st.lists(colours, min_size=1, max_size=3)), np.uint8)
    places = st.lists(st.integers(0, len(few) - 1), min_size=width, max_size=width)
    rows = draw(st.lists(places, min_size=1, max_size=height))
    picture = Image.fromarray(few[np.array(rows)])
    return picture.resize((width * 7, height * 7), Image.Resampling.NEAREST)


SAID: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.just({"word": "two cats"}),
    st.sampled_from(["a cat", "a cat, ink", "masterpiece, 1girl --seed 3", "owl::2 ink::0.5"]).map(
        lambda text: {"exact": text}
    ),
)
KNOWN = st.sampled_from([Seen(), Seen(thing="apple", colour="red"), Seen(thing="owl", medium="3d")])


@given(
    pictures(), SAID, KNOWN, st.integers(0, 1), st.sampled_from([HERE, *TARGETS]),
    st.sampled_from([EASEL, SDXL]),
)  # fmt: skip
def test_four_prompts_for_any_picture_are_four(
    picture: Image.Image, said: dict[str, str], seen: Seen, turn: int, target: str, card: Card
) -> None:
    known = describe(ask(measure(picture), **said), Seen() if said else seen)
    offers = write_offers(known, target, card, turn)
    written = [frozenset(split_items(offer.text)) for offer in offers]
    assert len(set(written)) == INTENTS
    assert len({offer.prompt.spelling for offer in offers}) == INTENTS
    assert all(offer.prompt.text for offer in offers)


def test_each_intent_tells_something_else_of_a_picture_of_nobody_knows_what() -> None:
    faithful, style, light, short = texts(ask(DUSK))
    assert style == "palette of charcoal and navy, cool tones, muted colours"
    assert light == "low-key lighting, wide format"
    assert short == "cool tones"
    assert faithful == (
        "low-key lighting, cool tones, muted colours, palette of charcoal and navy, wide format"
    )


@pytest.mark.parametrize("turn", [0, 1])
def test_a_model_that_draws_in_one_colour_is_told_no_two(turn: int) -> None:
    grey = replace(APPLE, chroma="colourless", warmth="")
    first, *_ = write_offers(describe(ask(grey, word="a koala"), Seen()), HERE, EASEL, turn)
    assert "koala" in first.text
    assert not any(word in first.text for word in ("black", "mono", "and red", "palette"))


def test_what_a_model_of_few_words_leaves_out_makes_no_two_prompts_the_same() -> None:
    offers = write_offers(describe(ask(DUSK, word="a cat"), Seen()), HERE, EASEL)
    assert len({offer.text for offer in offers}) == INTENTS
    three = replace(DUSK, palette=(*DUSK.palette, Swatch("teal", "107070", 0.1)))
    for offer in write_offers(describe(ask(three, word="a cat"), Seen()), HERE, EASEL):
        # The colours of a palette are those of one thing or of none.
        assert ("charcoal" in offer.text) == ("teal" in offer.text)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_ratios_are_small_and_near(width: int, height: int) -> None:
    across, down = reduce_ratio(width, height)
    assert min(across, down) >= 1
    if max(width, height) <= 32 * min(width, height):
        assert max(across, down) <= 64
        assert across / down == pytest.approx(width / height, rel=0.05)


@pytest.mark.parametrize("target", [HERE, *TARGETS])
def test_each_target_gets_four_prompts_with_the_ratio(target: str) -> None:
    offers = write_offers(describe(ask(), Seen(thing="apple", colour="red")), target, SDXL)
    assert len(offers) == INTENTS
    assert all("apple" in offer.text for offer in offers)
    assert all(RATIO.of(offer.prompt.flags) == (3, 2) for offer in offers)
    if target in {HERE, "midjourney"}:
        assert all(offer.text.endswith("--ar 3:2") for offer in offers)


def test_a_model_of_few_words_is_told_those_alone() -> None:
    seen = Seen(thing="apple", medium="3d", colour="red")
    offers = write_offers(describe(ask(), seen), HERE, EASEL)
    assert offers[0].text.startswith("a red apple, 3d")
    assert "lighting" not in offers[0].text
    unknown = write_offers(describe(ask(word="a quokka"), Seen()), HERE, EASEL)
    assert unknown[3].text.startswith("a quokka")


FOX = Seen(
    thing="a red fox",
    action="sleeping in a hollow",
    setting="an autumn forest",
    medium="painting",
    style="loose brushwork",
    light="soft morning light",
    shot="close-up",
    mood="calm",
    words="SALE",
    prose="A red fox sleeps in a hollow under a board that reads SALE. The light is soft.",
    by="eye",
)


def test_what_an_eye_saw_is_said_as_it_said_it() -> None:
    known = describe(ask(DUSK), FOX)
    assert not known.lacks_subject
    # Measured goes before guessed, and a colour that is in the subject is not said twice.
    assert [value.certainty for value in known.find_values(Aspect.LIGHT)] == [
        Certainty.MEASURED,
        Certainty.GUESSED,
    ]
    assert known.find(Aspect.COLOUR) == ()
    faithful, style, light, short = texts(ask(DUSK), FOX)
    assert faithful.startswith(
        "a red fox sleeping in a hollow, painting, loose brushwork, an autumn forest, low-key"
    )
    assert faithful.endswith('with the words "SALE"')
    assert "fox" not in write_style(known)
    assert style.endswith("of a red fox")
    assert "soft morning light" in light
    assert short == "a red fox, painting"


def test_a_person_knows_better_than_an_eye() -> None:
    known = describe(ask(DUSK, word="my dog Rex"), FOX)
    assert known.find(Aspect.SUBJECT) == ("my dog Rex",)
    assert known.prose == ""
    assert all("fox" not in one.text for one in write_offers(known, "flux", SDXL))


@pytest.mark.parametrize("target", ["flux", "dalle"])
def test_sentences_are_the_eyes_own_where_they_say_all(target: str) -> None:
    first, *rest = write_offers(describe(ask(DUSK), FOX), target, SDXL)
    assert first.text.startswith(FOX.prose)
    assert all(FOX.prose not in one.text for one in rest)
    left_out = replace(FOX, prose="An animal sleeps. The light is soft.")
    own, *_ = write_offers(describe(ask(DUSK), left_out), target, SDXL)
    assert "An animal" not in own.text
    assert "red fox" in own.text


def test_what_is_known_is_told_in_sentences_and_nothing_is_lost() -> None:
    seen = Seen(thing="apple", medium="3d", colour="red")
    offers = write_offers(describe(ask(), seen), "dalle", SDXL)
    assert offers[0].text == (
        "A 3D render of a red apple, before a plain white background. It is bright throughout."
        " The contrast is strong. The colours are warm, white and red above all. The figure stands"
        " in the centre. A wide picture, 3:2."
    )
    assert offers[3].text == "A 3D render of a red apple. A wide picture, 3:2."
    assert not any(one.lost for one in offers)
    bare = write_offers(describe(ask(DUSK), Seen()), "flux", SDXL)
    assert bare[2].text.startswith("It is dark throughout.\n")
    assert not any(one.lost for one in bare)


def test_more_words_join_no_idea_of_a_weighted_prompt() -> None:
    _, style, light, first = texts(ask(exact="a red apple::2 ink::0.5 fog::-0.5"))
    assert style.startswith("a red apple, ink, ")
    assert light.startswith("a red apple, ink, ")
    assert first == "a red apple"


@given(
    st.sampled_from(["flux", "dalle"]),
    st.integers(0, 3),
    st.sets(st.sampled_from(list(FOX.to_json()))),
)
def test_whatever_is_known_sentences_hold_together(target: str, turn: int, known: set[str]) -> None:
    seen = Seen.from_json({**{name: getattr(FOX, name) for name in known}, "by": "eye"})
    for measures in (APPLE, DUSK):
        for one in write_offers(
            describe(ask(measures), replace(seen, prose="")), target, SDXL, turn
        ):
            first = one.text.splitlines()[0]
            assert first.endswith(".")
            assert ".." not in first
            assert "  " not in first
            assert first[0].isupper()
            assert not one.lost


def test_an_answer_of_before_is_read() -> None:
    seen = Seen.from_json({"thing": "apple", "style": "3d", "colour": "red"})
    assert (seen.medium, seen.style) == ("3d", "")
    assert Seen.from_json({"thing": ["no"]}) == Seen()


def effects(text: str, shares: list[float]) -> list[Effect]:
    words = text.replace(",", " ").split()
    return [Effect(word, share) for word, share in zip(words, shares, strict=True)]


def test_idle_words_go_first_then_the_weaker_ones() -> None:
    text = "please draw a red car, on the road, masterpiece, 8k"
    shares = [0.05, 0.2, 0.1, 0.8, 1.0, 0.3, 0.1, 0.5, 0.04, 0.06]
    assert shorten(text, effects(text, shares)) == (
        "draw a red car, the road",
        "a red car, the road",
        "a red car",
        "a car",
    )


def test_words_that_join_stay_between_what_they_join() -> None:
    text = "tower of donuts in the fog"
    shares = [1.0, 0.4, 0.9, 0.3, 0.05, 0.5]
    assert shorten(text, effects(text, shares))[0] == "tower of donuts"
    assert shorten(text, effects(text, [0, *shares[1:5], 0.8]))[0] == "donuts in the fog"


def test_words_are_masked_in_what_the_model_is_told() -> None:
    said, masked = mask_words("please draw ein roter Apfel, masterpiece", EASEL)
    assert said == "a red apple"
    assert len(masked) == 6
    assert masked.count(said) == 4
    assert {"apple" in one for one in masked if one != said} == {True, False}
    assert mask_words("please draw a red apple", SDXL) == ("", ())


@pytest.mark.parametrize(
    ("text", "strong", "shortest"),
    [
        ("a blue car, line art", "blue", "a blue car"),
        ("a blue car, pixel art", "pixel", "pixel art"),
        ("a red and blue car on the road", "red", "a red car"),
        ("a big, blue car on the road", "big", "a big car"),
        ("a very old, dark, haunted house", "old", "a very old house"),
        ("an old tower in front of a house", "tower", "a tower"),
        ("a cat wearing a tiny hat, ink", "wearing", "a cat wearing a hat"),
        ("a mountain covered in snow, ink", "covered", "a mountain covered in snow"),
        ("a tower of golden donuts in fog", "tower of", "a tower"),
        ("portrait of a woman in black and white", "black", "a woman in black and white"),
        ('a poster that says "BIG SALE" in red', "BIG", 'a poster that says "BIG SALE"'),
        ("A tall woman stands in rain. It is red.", "tall", "A tall woman stands."),
        ("moody, a lighthouse on a cliff", "moody", "moody, a lighthouse"),
        ("a fox, shallow depth of field", "depth", "depth of field"),
        ("please draw a car on the road", "draw", "draw a car"),
    ],
)
def test_what_stands_together_is_left_together(text: str, strong: str, shortest: str) -> None:
    words = text.replace(",", " ").split()
    shares = [1.0 if word.strip('"') in strong.split() else 0.0 for word in words]
    assert shorten(text, effects(text, shares))[-1] == shortest


SMALL = ("a", "an", "the", "of", "in", "on", "and", "with", "by")
DESCRIBING = ("red", "tiny", "old", "mysterious", "wooden", "fluffy", "pale blue", "very dark")
THINGS = ("fox", "towers", "glass", "city", "snow", "wine bottle", "king")


@st.composite
def named(draw: st.DrawFn) -> str:
    """Something with an article, and what describes it."""
    adjectives = draw(st.lists(st.sampled_from(DESCRIBING), max_size=3, unique=True))
    between = draw(st.sampled_from([" ", ", ", " and "]))
    words = f"{between.join(adjectives)} {draw(st.sampled_from(THINGS))}".strip()
    return f"{draw(st.sampled_from(['', 'a ', 'the ']))}{words}"


@st.composite
def written(draw: st.DrawFn) -> str:
    """A prompt as people write them."""
    # Not "in", since a fox in red is whole.
    joined = st.sampled_from([" of ", " under ", " on ", " with ", " and ", ", "])
    text = draw(named())
    for _ in range(draw(st.integers(0, 3))):
        join = draw(joined)
        # Behind a comma, "red, tiny fox" may be two things to say.
        text += join + draw(named() if join != ", " else named().filter(lambda one: "," not in one))
    return text


@given(written(), st.data())
def test_no_shorter_prompt_ends_in_an_article_or_in_what_only_describes(
    text: str, data: st.DataObject
) -> None:
    count = len(text.replace(",", " ").split())
    shares = data.draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
    for short in shorten(text, effects(text, shares)):
        left = short.replace(",", " ").split()
        assert left[-1] not in SMALL
        assert left[-1] not in " ".join(DESCRIBING).split()
        assert not any(one in SMALL[:3] and then in SMALL for one, then in pairwise(left))
        assert not any(item.split()[-1] in SMALL for item in short.split(","))


WORDS = st.sampled_from(["red", "cat", "of", "the", "a,", "fog,", "in", "x"])


@given(st.lists(st.tuples(WORDS, st.floats(0, 1)), min_size=1, max_size=20))
def test_shorter_prompts_are_ever_shorter(words: list[tuple[str, float]]) -> None:
    text = " ".join(word for word, _ in words)
    found = shorten(text, effects(text, [share for _, share in words]))
    lengths = [len(one) for one in found]
    assert len(found) <= MOST
    assert lengths == sorted(lengths, reverse=True)
    assert len(set(found)) == len(found)


def test_a_question_is_kept_as_json_and_told_from_a_recipe() -> None:
    question = ask(exact="a cat", word="cat")
    again = Question.from_json(question.to_json())
    assert again == question
    assert is_question(question.to_json())
    assert not is_question({"family": "easel"})
    # What is known already is no part of what is asked.
    assert question.digest == ask(DUSK).digest
    assert question.digest != Question(kind="describe", image="cd").digest
