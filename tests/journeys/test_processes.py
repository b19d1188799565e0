"""What the processes may not do: load PyTorch beside Discord, or write secrets down."""

from pathlib import Path

from tests import photographs
from tests.journeys.studio import BOT, WORKER, Studio, result


async def test_the_bot_has_no_torch_loaded(studio: Studio) -> None:
    await studio.end(BOT)
    await studio.start(BOT, afresh=True)
    await result(await studio.imagine("a red apple --steps 1 --batch 1"))
    assert "libtorch" not in _mapped(studio, BOT)
    assert "libtorch" in _mapped(studio, WORKER)
    # One that is not forked knows nothing of the cards of these tests.
    await studio.end(BOT)


async def test_no_secret_reaches_a_log(studio: Studio) -> None:
    interaction = await studio.imagine("a very secret apple --steps 1 --batch 1")
    await result(interaction)
    written = studio.log()
    assert "worker ready" in written
    for secret in (studio.playground.token, interaction.token, "a very secret apple"):
        assert secret not in written
    assert "Traceback" not in written
    assert str(studio.data) not in (studio.data / f"{WORKER}.log").read_text(encoding="utf-8")


async def test_a_photograph_is_kept_after_its_link_died(studio: Studio) -> None:
    standin = studio.playground
    press = await standin.command(
        "mira",
        "imagine",
        {"prompt": "a cat --iw 2 --steps 1 --batch 1 --model easel"},
        files={"image": ("cat.png", photographs.CHELSEA.read())},
    )
    grid = await result(press)
    standin.clock.advance(48 * 3600)
    again = await result(await standin.press("mira", grid, label="🔄"))
    assert "image at strength" in again.content


def _mapped(studio: Studio, side: str) -> str:
    return Path(f"/proc/{studio.processes[side].pid}/maps").read_text(encoding="utf-8")
