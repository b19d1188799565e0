"""Links of one request: few at most, and none is fetched before it is known that there is room."""

import pytest

from bot.requests.resolution import MOST_LINKS
from bot.requests.sent_images import SentImages
from storage.decisions.choices import ServerChoices
from tests.bot.live.house import House
from tests.bot.live.test_limits import queue_them


def link(number: int) -> str:
    return f"https://pictures.example/{number}.png"


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was fetched."""
    found: list[str] = []

    async def keep(_images: SentImages, url: str, *_: object) -> str:
        found.append(url)
        return "0" * 64

    monkeypatch.setattr(SentImages, "keep", keep)
    return found


@pytest.mark.parametrize(
    "prompt",
    [
        " ".join(map(link, range(MOST_LINKS + 1))) + " an owl",
        "an owl {--sref " + ", ".join(f"{link(n)} {link(n + 100)}" for n in range(6)) + "}",
        f"an owl --sref {' '.join(map(link, range(6)))} --cref {' '.join(map(link, range(6, 12)))}",
    ],
)
async def test_a_request_with_more_links_is_refused_in_private_and_fetches_nothing(
    house: House, fetched: list[str], prompt: str
) -> None:
    asked = await house.imagine(prompt)
    said = await house.refusal(asked, "different images, and I fetch up to 10 for one request")
    assert said.ephemeral_to == "mira"
    assert fetched == []
    assert await house.jobs.waiting() == []


async def test_what_does_not_fit_fetches_nothing(house: House, fetched: list[str]) -> None:
    await house.decide(ServerChoices(unfinished=6))
    asked = await house.imagine(f"an owl {{--sref {link(1)}, --sref {link(2)}}} --repeat 3")
    assert asked.message
    question = await asked.message.until(lambda now: now.buttons)
    await house.imagine("a cat")
    await house.accepted(1)
    said = await queue_them(house, "mira", question)
    await house.playground.message(lambda m: m.id > said.id and "room for 5" in m.content)
    assert fetched == []
