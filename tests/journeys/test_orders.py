"""One text that stands for several jobs: few are made at once, many after a yes."""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from playground import Message
from storage.decisions.choices import ServerChoices
from tests.journeys.studio import BOT, FINISHED, PATIENCE, Studio, answer, public, showing

QUICK = "--steps 1"


Decide = Callable[[ServerChoices], None]


@pytest_asyncio.fixture(loop_scope="session")
async def decide(studio: Studio) -> AsyncIterator[Decide]:
    """Sets what the server allows; everything again afterwards."""
    yield studio.decide
    studio.decide(ServerChoices())


async def asked(studio: Studio, prompt: str) -> Message:
    press = await studio.playground.command("mira", "imagine", {"prompt": prompt})
    return await showing(await answer(press), "jobs:")


async def made(studio: Studio, since: int, count: int) -> list[Message]:
    """That many messages with finished pictures."""

    def found() -> list[Message]:
        return [m for m in public(studio.playground, since) if FINISHED in m.content]

    await studio.playground.until(lambda: len(found()) >= count, PATIENCE)
    return found()


async def test_a_few_are_made_at_once_each_in_a_message(studio: Studio) -> None:
    press = await studio.playground.command(
        "mira", "imagine", {"prompt": f"a {{red, green}} apple {QUICK}"}
    )
    first = await answer(press)
    messages = await made(studio, first.id, 2)
    assert [("a red apple" in m.content, "a green apple" in m.content) for m in messages] == [
        (True, False),
        (False, True),
    ]


async def test_repetitions_take_the_seeds_after_the_first(studio: Studio) -> None:
    press = await studio.playground.command(
        "mira", "imagine", {"prompt": f"an owl {QUICK} --seed 7 --r 2"}
    )
    messages = await made(studio, (await answer(press)).id, 2)
    assert [("--seed 7" in m.content, "--seed 11" in m.content) for m in messages] == [
        (True, False),
        (False, True),
    ]


async def test_many_are_asked_about_and_survive_a_restart(studio: Studio) -> None:
    question = await asked(studio, f"a {{red, green, blue}} {{cat, dog}} {QUICK}")
    assert "6 jobs" in question.content
    assert "a green dog" in question.content
    assert question.ephemeral_to == "mira"
    await studio.end(BOT)
    await studio.start(BOT)
    press = await studio.playground.press("mira", question, label="Queue them")
    await press.acknowledged()
    await showing(question, "Queued 6 jobs")
    assert len(await made(studio, question.id, 6)) == 6


async def test_a_yes_that_is_refused_can_be_said_again(studio: Studio, decide: Decide) -> None:
    question = await asked(studio, f"a {{red, green}} {{cat, dog}} {QUICK}")
    decide(ServerChoices(repeat=2))
    press = await studio.playground.press("mira", question, label="Queue them")
    await press.acknowledged()
    await studio.playground.message(lambda m: m.id > question.id and "allows 2 per" in m.content)
    decide(ServerChoices())
    press = await studio.playground.press("mira", question, label="Queue them")
    await press.acknowledged()
    await showing(question, "Queued 4 jobs")
    assert len(await made(studio, question.id, 4)) == 4


async def test_never_mind_queues_nothing(studio: Studio) -> None:
    question = await asked(studio, f"a cat {QUICK} --repeat 5")
    press = await studio.playground.press("mira", question, label="Never mind")
    await press.acknowledged()
    await showing(question, "Nothing was queued")
    assert list(question.buttons) == []
    assert public(studio.playground, question.id) == []


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        (ServerChoices(channels=(5,)), "please ask there"),
        (ServerChoices(roles=(5,)), "only members with"),
        (ServerChoices(repeat=1), "allows 1 per request"),
        (ServerChoices(daily=1), "allows 1 job per person"),
        (ServerChoices(unfinished=1), "at a time"),
    ],
)
async def test_what_the_server_does_not_allow_is_refused_in_private(
    studio: Studio, decide: Decide, choices: ServerChoices, sentence: str
) -> None:
    decide(choices)
    press = await studio.playground.command(
        "mira", "imagine", {"prompt": f"a {{red, green}} apple {QUICK}"}
    )
    await press.acknowledged()
    refusal = await studio.playground.message(lambda m: sentence in m.content)
    assert refusal.ephemeral_to == "mira"


async def test_a_manager_needs_no_role(studio: Studio, decide: Decide) -> None:
    decide(ServerChoices(roles=(5,)))
    press = await studio.playground.command("otto", "imagine", {"prompt": f"a bus {QUICK}"})
    assert await made(studio, (await answer(press)).id, 1)


async def test_what_is_not_allowed_is_said_at_home_to_whoever_reacts(
    studio: Studio, decide: Decide
) -> None:
    press = await studio.playground.command("mira", "imagine", {"prompt": f"a bus {QUICK}"})
    (shown,) = await made(studio, (await answer(press)).id, 1)
    decide(ServerChoices(channels=(5,)))
    await studio.playground.react("mira", shown, "🔄")
    home = await studio.playground.message(
        lambda m: m.id > shown.id and "please ask there" in m.content
    )
    assert home.channel_id == studio.playground.channel("@mira")
