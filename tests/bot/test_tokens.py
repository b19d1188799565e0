"""Passes: what is written is read, and nothing else is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ExpiredTokenError, TokenError
from bot.painting.tokens import LIFE, PageToken, TokenSigner

NOW = datetime(2026, 11, 25, tzinfo=UTC)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
OURS = TokenSigner("token")

numbers = st.integers(1, 2**64 - 1)
passes = st.builds(
    PageToken,
    job=st.binary(min_size=16, max_size=16).map(bytes.hex),
    index=st.integers(1, 9),
    person=numbers,
    server=st.none() | numbers,
    channel=numbers,
    locale=st.sampled_from(["de", "en-US", "pt-BR", "zh-CN"]),
    expires=st.integers(1, 10**7).map(lambda seconds: NOW + timedelta(seconds=seconds)),
)
PLAIN = PageToken(
    job="0123456789abcdef" * 2,
    index=1,
    person=1140000000000000101,
    server=1140000000000000001,
    channel=1140000000000000021,
    locale="en-US",
    expires=NOW + LIFE,
)


@given(passes)
def test_a_pass_is_read_as_it_was_written_by_any_process_with_the_secret(it: PageToken) -> None:
    assert TokenSigner("token").read(OURS.write(it), NOW) == it


@given(passes)
def test_a_pass_fits_into_a_link(it: PageToken) -> None:
    text = OURS.write(it)
    assert set(text) <= set(ALPHABET)
    assert len(text) < 256, "a button's link has at most 512 characters"


@given(passes, st.integers(0), st.sampled_from(ALPHABET))
def test_one_changed_character_breaks_it(it: PageToken, place: int, letter: str) -> None:
    text = OURS.write(it)
    k = place % len(text)
    changed = text[:k] + letter + text[k + 1 :]
    if changed != text:
        with pytest.raises(TokenError):
            OURS.read(changed, NOW)


@given(passes, st.integers(0, 200), st.text(ALPHABET, max_size=9))
def test_cut_or_longer_it_is_broken(it: PageToken, kept: int, more: str) -> None:
    text = OURS.write(it)
    changed = text[:kept] + more
    if changed != text:
        with pytest.raises(TokenError):
            OURS.read(changed, NOW)


@given(st.text(max_size=300))
def test_anything_else_is_no_pass(text: str) -> None:
    with pytest.raises(TokenError):
        OURS.read(text, NOW)


@given(passes, st.text(min_size=1, max_size=20).filter(lambda text: text != "token"))
def test_another_bots_pass_is_no_pass(it: PageToken, secret: str) -> None:
    with pytest.raises(TokenError):
        TokenSigner(secret).read(OURS.write(it), NOW)


@given(passes, passes)
def test_parts_of_two_passes_make_none(one: PageToken, other: PageToken) -> None:
    texts = [OURS.write(each) for each in (one, other)]
    (told, _, _), (_, _, seal) = (text.rpartition(".") for text in texts)
    mixed = f"{told}.{seal}"
    if mixed not in texts:
        with pytest.raises(TokenError):
            OURS.read(mixed, NOW)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1), timedelta(days=3650)])
def test_a_pass_ends_to_the_second(late: timedelta) -> None:
    text = OURS.write(PLAIN)
    assert OURS.read(text, PLAIN.expires - timedelta(microseconds=1)) == PLAIN
    with pytest.raises(ExpiredTokenError):
        OURS.read(text, PLAIN.expires + late)


def test_no_two_passes_are_alike() -> None:
    others: list[dict[str, Any]] = [
        {"job": "f" * 32},
        {"index": 2},
        {"person": 1},
        {"server": None},
        {"channel": 1},
        {"locale": "de"},
        {"expires": NOW},
    ]
    texts = {OURS.write(replace(PLAIN, **change)) for change in others}
    assert len(texts | {OURS.write(PLAIN)}) == 8
