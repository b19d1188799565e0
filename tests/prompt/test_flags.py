from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt.errors import PromptError
from prompt.flags.numbers import Integer
from prompt.flags.table import BY_NAME, FLAGS, OTHER_NAMES, RIVALS, Flag, guess_name
from prompt.reading.grammar import Prompt, parse
from tests.prompt.strategies import values

EVERY = pytest.mark.parametrize("flag", FLAGS, ids=lambda row: row.name)

MIDJOURNEY = """
    aspect ar chaos c stylize s weird w quality q seed no stop tile repeat r iw sref sw sv cref cw
    oref ow edit style raw exp draft hd sd version v niji profile p personalize fast relax turbo
    stealth public video motion loop end bs preview zoom uplight upbeta upanime hq newclip nostretch
    old vibe width h height test testp creative sameseed beta wallpaper sl ml ll sp mp lp
"""


def test_no_name_is_used_twice() -> None:
    names = [name for row in FLAGS for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names)) == len(BY_NAME)


@pytest.mark.parametrize("name", MIDJOURNEY.split())
def test_every_flag_of_midjourney_is_known(name: str) -> None:
    assert name in BY_NAME


@EVERY
def test_is_told_in_whole_sentences(flag: Flag[Any]) -> None:
    assert flag.about[0].isupper()
    assert flag.about.endswith(".")
    assert not flag.instead.endswith(".")
    assert len(flag.about) < 110


@EVERY
def test_default_is_allowed_and_acts(flag: Flag[Any]) -> None:
    if flag.default is None:
        return
    assert flag.allows(flag.default)
    assert flag.acts(flag.default)


@EVERY
def test_partner_and_rivals_are_flags(flag: Flag[Any]) -> None:
    related = {*RIVALS.get(flag.name, ()), *filter(None, [flag.partner])}
    assert related <= {row.name for row in FLAGS} - {flag.name}


@EVERY
def test_range_is_whole_or_absent(flag: Flag[Any]) -> None:
    assert (flag.low is None) == (flag.high is None)
    assert (flag.low is not None) == ("number from" in flag.takes)


@pytest.mark.parametrize(
    "flag", [row for row in FLAGS if row.low is not None], ids=lambda row: row.name
)
def test_limits_hold_and_past_them_the_nearest_is_suggested(flag: Flag[Any]) -> None:
    low, high = flag.low or 0, flag.high or 0
    step = 1 if isinstance(flag.kind, Integer) else 0.01
    for inside in (low, high):
        assert parse(f"owl --{flag.name} {inside:.10g}").flags == {flag.name: inside}
    for outside, nearest in ((low - step, low), (high + step, high), (high * 1000 + 7, high)):
        typed = f"{outside:.2f}".removesuffix(".00")
        with pytest.raises(PromptError) as caught:
            parse(f"owl --{flag.name} {typed}")
        assert caught.value.sentences == (f"`--{flag.name}` takes {flag.takes}, not `{typed}`.",)
        kept = outside >= 0 and flag.acts(flag.nearest(outside))
        wanted = {flag.name: nearest} if kept else {}
        assert parse(caught.value.suggestion or "").flags == wanted


def reading(text: str) -> Prompt | PromptError:
    try:
        return parse(text)
    except PromptError as error:
        return error


@EVERY
@pytest.mark.parametrize("nonsense", ["", "-", "1.5.2", "‽", "“”", "0x12"])
def test_nonsense_is_refused_in_one_sentence_or_told_of(flag: Flag[Any], nonsense: str) -> None:
    match reading(f"owl --{flag.name} {nonsense}"):
        case PromptError() as error:
            (sentence,) = error.sentences
            assert f"`--{flag.name}` takes" in sentence
            assert f"`{nonsense}`" in sentence or "none is given" in sentence
            assert parse(error.suggestion or "").text == "owl"
        case prompt:
            assert parse(prompt.spelling) == prompt


@given(st.data())
def test_what_is_written_is_read(data: st.DataObject) -> None:
    flag = data.draw(st.sampled_from(FLAGS))
    value = data.draw(values(flag))
    assert parse(f"owl {flag.format(value)}").flags == {flag.name: value}


@given(st.data())
def test_every_name_reads_the_same(data: st.DataObject) -> None:
    flag = data.draw(st.sampled_from([row for row in FLAGS if row.aliases]))
    value = data.draw(values(flag))
    alias = data.draw(st.sampled_from(flag.aliases))
    spelled = f"owl --{alias.upper()} {flag.kind.format(value)}"
    assert parse(spelled).flags == {flag.name: value}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("chaoss", "chaos"),
        ("stylise", "stylize"),
        ("aspct", "aspect"),
        ("sede", "seed"),
        ("qualtiy", "quality"),
        ("tiles", "tile"),
        ("ascpet", "aspect"),
        ("relaxed", "relax"),
        ("person", None),
        ("light", None),
        ("styleref", "sref"),
        ("ар", "ar"),
        ("x" * 6000, None),
        ("aspect_ratio", "aspect"),
        ("CFG-scale", "cfg"),
        ("negative_prompt", "no"),
        ("size", "ar"),
        ("mine", None),
        ("x", None),
        ("", None),
    ],
)
def test_nearest_name(typed: str, meant: str | None) -> None:
    assert guess_name(typed) == meant


def test_names_from_elsewhere_are_not_our_own_and_lead_to_our_own() -> None:
    for name, meant in OTHER_NAMES.items():
        assert name not in BY_NAME
        assert meant in BY_NAME


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [
        ("iw", 5.0, 3.0),
        ("cfg", 0.5, 1.0),
        ("strength", 75.0, 0.75),
        ("seed", -1, None),
        ("no", ("a",), ("a",)),
    ],
)
def test_nearest_value(name: str, value: object, nearest: object) -> None:
    assert BY_NAME[name].nearest(value) == nearest
