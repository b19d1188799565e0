"""The changes on the server's panel, worded for whoever reads them."""

import json
from unittest import mock

import pytest

from bot.components.panel import PanelPress
from bot.errors import NotAllowedError
from bot.panels.server import _apply_limits, word_change
from bot.panels.server_topics import NUMBERS, OF_ROLES
from bot.text.languages import LANGUAGES, speaking
from storage.decisions.choices import Change, Limits, ServerChoices
from storage.queue.limits import HostLimits


def noted(what: str, before: ServerChoices, after: ServerChoices) -> Change:
    return Change(42, what, json.dumps(before.write()), json.dumps(after.write()))


@pytest.mark.parametrize(
    ("language", "what", "after", "told"),
    [
        ("en", "channels", ServerChoices(channels=(7,)), ("all", "<#7>")),
        ("de", "channels", ServerChoices(channels=(7,)), ("alle", "<#7>")),
        ("en", "language", ServerChoices(language="fr"), ("each person's own", "Français")),
        ("en", "limits", ServerChoices(repeat=4), ("Jobs per request: 10", "Jobs per request: 4")),
        (
            "en",
            "role",
            ServerChoices(limits={9: Limits(daily=5)}),
            ("none", "<@&9>: 10 unfinished, 5 in 24 hours, share 1"),
        ),
    ],
)
def test_a_change_is_worded_in_the_language_of_its_reader(
    language: str, what: str, after: ServerChoices, told: tuple[str, str]
) -> None:
    with speaking(language):
        change = word_change(noted(what, ServerChoices(), after))
    assert (change.before, change.after) == told


def test_what_was_noted_in_words_stays_as_it_is() -> None:
    for change in (
        Change(42, "preset ink", None, "thin ink"),
        Change(42, "preset", "ink", None),
        Change(42, "channels", "alle", "<#7>"),
    ):
        assert word_change(change) == change


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
