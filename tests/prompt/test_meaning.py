"""What the bundled model understands of prompts, in six languages, and what is said of the rest."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.card import Card
from generation.catalogue.families import CARDS, find_card
from generation.catalogue.lexicon import load_lexicon
from generation.catalogue.looks import DRAWN, LOOKS
from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.resolution.check import check
from prompt.resolution.meaning import read_meaning
from prompt.resolution.orders import check_all, read_orders
from prompt.resolution.resolve import Resolved, resolve
from prompt.resolution.suggestions import mend_suggestion
from prompt.resolution.taught import find_unknown_looks
from tests.prompt.hostile import fill, grows_evenly
from tests.prompt.strategies import texts

EASEL = find_card("easel")


def drawn(text: str) -> Resolved:
    """The recipe of a prompt on the bundled model, and what is told of it."""
    prompt = parse(text)
    check(prompt, EASEL, images=0)
    return resolve(prompt, EASEL, model="m", seed=1)


def said_to_model(text: str) -> list[str]:
    return [one.text for one in drawn(text).recipe.conditions.phrases]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        # As captions say it: nothing is touched.
        ("a red apple", "a red apple"),
        ("pixel art style, a cat next to a dog", "pixel art style, a cat next to a dog"),
        ("an owl in line art style on a red background",) * 2,
        ("3d style, A Cat, Blue Background",) * 2,
        ("a kitten", "a kitten"),
        # White is what things stand on anyway; told so, it draws them white and on another ground.
        ("a carrot on a white background", "a carrot"),
        ("a carrot, 3d, plain white background", "a carrot, 3d"),
        ("a white cat on a black background", "a white cat on a black background"),
        # A ground stands behind the things, wherever it was said.
        ("blue background, a dog", "a dog on a blue background"),
        ("On the Blue Background: a red cat", "a red cat on a blue background"),
        ("a dog, on a blue background", "a dog on a blue background"),
        ("red dog blue background", "a red dog on a blue background"),
        ("a cat and a dog. Yellow background", "a cat and a dog on a yellow background"),
        ("a dog with a yellow background, 3d", "a dog on a yellow background, 3d"),
        ("a black and white background, a dog", "a dog on a black and white background"),
        # Nearly so.
        ("two gray cats, highly detailed, 8k", "a grey cat"),
        ("a beautiful purple unicorn as lineart", "a purple unicorn, line art"),
        ("A Cute PUPPY, masterpiece, best quality", "a dog"),
        ("🍎 on a blue background", "an apple on a blue background"),
        ("hot dogs", "a hot dog"),
        ("beautiful sunglasses and a nice scissors", "sunglasses and scissors"),
        # German
        ("ein roter Apfel", "a red apple"),
        ("zwei rote Äpfel auf grünem Hintergrund", "a red apple on a green background"),
        ("eine blaue Katze und ein roter Hund, Pixelkunst", "a blue cat and a red dog, pixel art"),
        ("der Apfel ist rot", "a red apple"),
        ("Häuser", "a house"),
        ("ein dunkelblaues Auto", "a blue car"),
        # Spanish
        ("una manzana roja, pixel art", "a red apple, pixel art"),
        ("dos gatos negros sobre fondo amarillo", "a black cat on a yellow background"),
        ("un corazón azul", "a blue heart"),
        ("una rosa rosa", "a pink rose"),
        # French
        ("un chat bleu", "a blue cat"),
        ("deux oiseaux verts sur fond jaune", "a green bird on a yellow background"),
        ("l'oiseau blanc", "a white bird"),
        ("une rose noire, dessin au trait", "a black rose, line art"),
        ("des chevaux", "a horse"),
        ("un gâteau d'anniversaire", "a cake"),
        ("un chat noir et blanc", "a black and white cat"),
        # Portuguese
        ("uma maçã vermelha", "a red apple"),
        ("um gato preto em fundo azul", "a black cat on a blue background"),
        ("dois limões amarelos", "a yellow lemon"),
        # Japanese
        ("赤いりんご", "a red apple"),
        ("緑の背景の黒猫", "a black cat on a green background"),
        ("青い猫、ドット絵", "a blue cat, pixel art"),
        ("かわいいねこ", "a cat"),
        ("ピンクのトラ", "a pink tiger"),
    ],
)  # fmt: skip
def test_a_prompt_is_said_to_the_model_in_its_own_words(typed: str, meant: str) -> None:
    resolved = drawn(typed)
    assert [one.text for one in resolved.recipe.conditions.phrases] == [meant]
    assert resolved.notes == ()
    assert resolved.recipe.prompt == parse(typed).text


@pytest.mark.parametrize(
    ("typed", "meant", "unknown"),
    [
        ("a cat on a wooden table at sunset", "a cat", "*wooden table*, *sunset*"),
        ("an oil painting of a castle", "a castle", "*oil painting*"),
        ("ein alter Hund am Strand", "a dog", "*Strand*"),
        ("ein Aquarell einer Katze bei Nacht", "a cat", "*Aquarell*, *bei Nacht*"),
        ("la maison rouge de ma tante", "a red house", "*tante*"),
        ("漁師と猫", "a cat", "*漁師*"),
        ("owl, b, c1, d1, e1, f1, g1, h1", "an owl", "*c1*, *d1*, *e1*, *f1*, *g1*, …"),
        ("owl " + "x" * 50, "an owl", f"*{'x' * 29}…*"),
    ],
)
def test_words_that_it_does_not_know_are_left_out_and_told(
    typed: str, meant: str, unknown: str
) -> None:
    resolved = drawn(typed)
    assert [one.text for one in resolved.recipe.conditions.phrases] == [meant]
    assert resolved.notes == (f"I do not know {unknown}, so I draw `{meant}`.",)


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("an old fisherman at golden hour", "a fish"),
        ("strawbery", "a strawberry"),
        ("a blue puma, pixel art --ar 3:2", "a blue"),
        ("fisherman --seed 7 --chaoss 5", "a fish --seed 7"),
        ("ein Fischer", "a "),
        ("漁師", "a "),
        ("beautiful, 8k", "a "),
        ("{fisherman, cat}", "{a fish, cat}"),
        ("fisherman, pixel art, blue", "a blue fish, pixel art"),
        ("fisherman::1 zeppelin::2 cat::-2", "a fish::3 cat::-2"),
    ],
)
def test_where_it_knows_nothing_the_nearest_is_suggested(typed: str, suggested: str) -> None:
    with pytest.raises(PromptError) as caught:
        check_all([one.prompt for one in read_orders(typed)], EASEL, attached=0)
    mended = mend_suggestion(caught.value, EASEL)
    assert mended.suggestion is not None
    assert mended.suggestion.startswith(suggested)
    assert [drawn(one.prompt.spelling).notes for one in read_orders(mended.suggestion)]


def test_colours_and_styles_alone_are_drawn() -> None:
    assert said_to_model("blue, pixel art") == ["blue, pixel art"]
    assert said_to_model("rot, Pixelkunst") == ["red, pixel art"]


def test_with_an_image_words_that_it_does_not_know_are_only_told() -> None:
    prompt = parse("https://a.example/b.png a fisherman")
    check(prompt, EASEL, images=1)
    resolved = resolve(prompt, EASEL, model="m", seed=1, images=["ab" * 32])
    assert resolved.recipe.conditions.phrases == ()
    assert resolved.notes == ("I do not know *fisherman*, so only the image counts.",)


def test_weights_stay_on_what_they_were_written_for() -> None:
    (first, second) = drawn(
        "ein (roter:1.4) Apfel::2 Nebel::1 Katze::-0.5"
    ).recipe.conditions.phrases
    assert (first.text, first.weight) == ("a red apple", 2)
    assert [first.text[s.start : s.end] for s in first.spans] == ["red"]
    assert (second.text, second.weight) == ("a cat", -0.5)


def test_what_is_not_to_be_shown_is_understood_and_never_told() -> None:
    resolved = drawn("ein Hund --no rot")
    assert resolved.recipe.conditions.negative.text == "red"
    assert drawn("a dog --no text, watermark").notes == ()


@pytest.mark.parametrize("card", [card for card in CARDS if not card.taught], ids=lambda c: c.id)
def test_families_that_read_sentences_get_them_as_they_are(card: Card) -> None:
    prompt, images = parse("ein alter Fischer"), ["ab" * 32] if card.needs_image else []
    check(prompt, card, images=len(images))
    resolved = resolve(prompt, card, model="m", seed=1, images=images)
    assert [one.text for one in resolved.recipe.conditions.phrases] == ["ein alter Fischer"]
    assert resolved.notes == ()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("als Aquarell bei Nacht", "als Aquarell bei Nacht, watercolour, night"),
        ("水彩で、霧", "水彩で、霧, watercolour, fog"),
        ("make it a watercolor", "make it a watercolor"),
    ],
)
def test_looks_of_photographs_are_named_in_english_too(typed: str, said: str) -> None:
    card, images = find_card("easel2"), ["ab" * 32]
    resolved = resolve(parse(typed), card, model="m", seed=1, images=images)
    assert [one.text for one in resolved.recipe.conditions.phrases] == [said]
    assert find_unknown_looks(typed, card) == ()


@given(st.one_of(texts, st.text(max_size=60)), st.sampled_from([DRAWN, LOOKS]))
def test_any_text_can_be_read(text: str, styles: tuple[str, ...]) -> None:
    reading = read_meaning(text, load_lexicon(), styles)
    said = "".join(word for word, _ in reading.words)
    again = read_meaning(said, load_lexicon(), styles)
    # What is said to the model, it understands.
    assert not again.unknown
    assert not again.words
    if said:
        assert bool(again.named) == bool(reading.named)
        assert again.styles == reading.styles
    for unknown in reading.unknown:
        assert unknown in text


@pytest.mark.parametrize(
    "unit", ["a", "a ", "fisherman ", "猫", "漁", "rojo ", "roten Äpfeln,", "🍎", "- "]
)
def test_reading_takes_time_in_proportion(unit: str) -> None:
    lexicon = load_lexicon()
    assert grows_evenly(lambda text: read_meaning(text, lexicon, DRAWN), partial(fill, unit))
