"""The changes on the server's panel, worded for whoever reads them."""

import json
from datetime import UTC, datetime
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.components.panel import PanelPress
from bot.errors import NotAllowedError
from bot.panels.server import _apply_limits
from bot.panels.server_topics import NUMBERS, OF_ROLES
from bot.text import server_rules
from bot.text.languages import LANGUAGES, speaking
from bot.text.messages import CONTENT_LIMIT
from bot.text.server_log import Deeds, word_change, write_server_log
from storage.decisions.choices import Change, Limits, ServerChoices
from storage.queue.limits import HostLimits
from storage.quotas import EXAMPLE, parse_quotas

NOT_DRAWN = "Not drawn: ||gore, blood||"


def noted(what: str, before: ServerChoices, after: ServerChoices) -> Change:
    return Change(42, what, json.dumps(before.write()), json.dumps(after.write()))


@pytest.mark.parametrize(
    ("language", "what", "after", "told"),
    [
        (
            *("en", "channels", ServerChoices(channels=(7,))),
            (
                "Pictures can be asked for in every channel.",
                "Pictures can be asked for in <#7> alone.",
            ),
        ),
        (
            *("de", "channels", ServerChoices(channels=(7,))),
            ("Bilder gibt es in jedem Kanal.", "Bilder gibt es nur in <#7>."),
        ),
        (
            *("en", "language", ServerChoices(language="fr")),
            (
                "I speak to everyone in their own language.",
                "I speak to everyone in one language: French.",
            ),
        ),
        (
            *("en", "limits", ServerChoices(repeat=4)),
            ("One request makes up to 10 jobs.", "One request makes up to 4 jobs."),
        ),
        (
            *("en", "role", ServerChoices(limits={9: Limits(daily=5)})),
            (
                "The same holds for all roles.",
                (
                    "Members with <@&9> may have up to 10 unfinished jobs at a time and ask for up "
                    "to 5 jobs in 24 hours."
                ),
            ),
        ),
        ("en", "words", ServerChoices(refused=("gore", "b|lood")), ("", NOT_DRAWN)),
    ],
)
def test_a_change_is_worded_in_the_language_of_its_reader(
    language: str, what: str, after: ServerChoices, told: tuple[str, str]
) -> None:
    with speaking(language):
        assert word_change(noted(what, ServerChoices(), after)) == told


def test_of_two_lists_of_words_only_what_differs_is_told() -> None:
    before, after = ServerChoices(refused=("gore", "blood")), ServerChoices(refused=("gore", "rum"))
    told = ("Not drawn: ||blood||", "Not drawn: ||rum||")
    assert word_change(noted("words", before, after)) == told


@pytest.mark.parametrize(
    ("deeds", "language", "told"),
    [
        (Deeds(days=3), "en", "blocked for 3 days"),
        (Deeds(days=0), "de", "nicht gesperrt"),
        (Deeds(reset=True), "en", "nothing counts as used"),
        (Deeds(extra=parse_quotas("50 jobs/day")), "en", "50 jobs a day more"),
    ],
)
def test_what_was_done_about_a_person_is_worded_likewise(
    deeds: Deeds, language: str, told: str
) -> None:
    with speaking(language):
        assert word_change(Change(42, "person", None, deeds.write())) == ("", told)


def test_what_was_noted_in_words_stays_as_it_is() -> None:
    for change in (
        Change(42, "preset ink", None, "thin ink"),
        Change(42, "preset", "ink", None),
        Change(42, "preset", "5", "{}"),
        Change(42, "channels", "alle", "<#7>"),
        Change(42, "person", None, "blocked for 3 days"),
        Change(42, "person", None, "5"),
    ):
        assert word_change(change) == (change.before or "", change.after or "")


def test_a_page_of_changes_holds_as_many_as_fit_and_says_how_many() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    one = noted(
        "channels", ServerChoices(), ServerChoices(channels=tuple(range(10**18, 10**18 + 9)))
    )
    text, count = write_server_log([(at, one)] * 12)
    assert len(text) <= CONTENT_LIMIT
    assert 2 <= count < 12
    assert text.count("**Channels**") == count
    assert write_server_log([]) == ("Nothing has been changed yet.", 0)


@given(
    st.builds(
        ServerChoices,
        channels=st.lists(st.integers(1), max_size=25).map(tuple),
        roles=st.lists(st.integers(1), max_size=25).map(tuple),
        editors=st.lists(st.integers(1), max_size=25).map(tuple),
        families=st.lists(st.text(min_size=1), max_size=25).map(tuple),
        results=st.integers(0),
        language=st.text(),
        repeat=st.integers(1, 40),
        largest=st.integers(0, 16384),
        keep=st.integers(0, 3650),
        daily=st.integers(0),
        quotas=st.sampled_from(("", EXAMPLE)),
        limits=st.dictionaries(
            st.integers(1), st.builds(Limits, share=st.integers(1, 9)), max_size=30
        ),
        refused=st.lists(st.text(min_size=1)).map(tuple),
        restricted=st.lists(st.text(min_size=1)).map(tuple),
    ),
    st.sampled_from(["en", *LANGUAGES]),
)
def test_whatever_is_set_reads_as_sentences_that_fit(choices: ServerChoices, language: str) -> None:
    with speaking(language):
        told = dict(server_rules.list_rules(choices, HostLimits(100)))
        text = server_rules.write_rules(choices, HostLimits(100))
    assert len(text) <= CONTENT_LIMIT
    for title, sentences in told.items():
        assert f"**{title}**" in text or "…" in text
        assert all(sentence.endswith((".", "。")) for sentence in sentences), sentences


@pytest.mark.parametrize("field", ["unfinished", "share"])
def test_no_role_is_given_more_than_the_host_allows(field: str) -> None:
    host = HostLimits(unfinished=6, share=6)
    for value in (6, 7):
        typed = {"unfinished": "1", "daily": "0", "share": "1"} | {field: str(value)}
        press = PanelPress(mock.Mock(), "limits", "9", (), typed)
        if value == 6:
            role = _apply_limits(ServerChoices(), press, host).limits[9]
            assert getattr(role, field) == 6
        else:
            with pytest.raises(NotAllowedError, match="between 1 and 6"):
                _apply_limits(ServerChoices(), press, host)


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_the_forms_fit_what_discord_takes(language: str) -> None:
    with speaking(language):
        labels = [number.write_label() for number in (*NUMBERS, *OF_ROLES)]
    assert max(map(len, labels)) <= 45, labels
    assert len(NUMBERS) <= 5
