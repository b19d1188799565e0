"""What the desk behind the painting page makes of sentences, places and passes."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.painting.submission import PaintingHandler
from storage.settings import Settings

CHANNELS = {7: SimpleNamespace(name="art")}
ROLES = {9: SimpleNamespace(name="Painters")}


def desk() -> PaintingHandler:
    bot: Any = SimpleNamespace(
        get_channel=CHANNELS.get,
        get_guild={1: SimpleNamespace()}.get,
        guilds=[SimpleNamespace(get_role=ROLES.get)],
    )
    settings = Settings(discord_token=SecretStr("token"), public_url="https://easel.example.org")
    nothing: Any = None
    acceptor: Any = SimpleNamespace(models=None)
    return PaintingHandler(bot, acceptor, nothing, nothing, settings)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("made in <#7>; ask there.", "made in #art; ask there."),
        ("made in <#7> <#8>.", "made in #art #8."),
        ("for <@&9> and <@&10>.", "for @Painters and @10."),
        ("`--ar` has no effect.", "--ar has no effect."),
        ("This would work:\n```\na cat\n```", "This would work:\n\na cat\n"),
    ],
)
def test_discords_markup_is_read_as_discord_shows_it(said: str, read: str) -> None:
    assert desk().strip_markup(said) == read


@given(st.text(st.characters(exclude_characters="`<")))
def test_other_text_stays(text: str) -> None:
    assert desk().strip_markup(text) == text


@pytest.mark.parametrize(
    ("guild", "direct", "reaches"),
    [(1, None, True), (2, None, False), (None, True, True), (None, None, False)],
    ids=["a server", "a server of others", "direct messages", "other people's messages"],
)
def test_only_where_the_bot_can_write_by_itself(
    guild: int | None, direct: bool | None, reaches: bool
) -> None:
    asked: Any = SimpleNamespace(guild_id=guild, context=SimpleNamespace(dm_channel=direct))
    assert desk().reaches(asked) is reaches
