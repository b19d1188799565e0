"""Images that people attach, through the whole bot: odd, costly, and many of one person's."""

import pytest

from bot.requests import sent_images
from playground import Interaction
from tests import hostile
from tests.bot.live.house import House


async def attach(house: House, person: str, data: bytes) -> Interaction:
    return await house.playground.command(
        person, "img2img", {"prompt": "a dog"}, files={"image": ("image", data)}
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (hostile.jpeg_with_scans(1000, 16), "takes too much work to read"),
        (hostile.png(1, 51), "50 times as long"),
        (hostile.png(6000, 5000, colours=0), "30 megapixels; up to 25"),
    ],
    ids=["scans", "line", "large"],
)
async def test_what_costs_too_much_is_refused_in_a_sentence(
    house: House, data: bytes, sentence: str
) -> None:
    asked = await attach(house, "mira", data)
    await house.refusal(await asked.ended(), sentence)
    assert await house.jobs.waiting() == []


async def test_a_phone_s_image_is_drawn_from_and_decoded_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent_images, "read_traits", lambda _: pytest.fail("it was decoded again"))
    await (await attach(house, "mira", hostile.HEIC)).ended()
    (job,) = await house.accepted(1)
    size = job.recipe["size"]
    assert size["width"] / size["height"] == pytest.approx(2, rel=0.1)


async def test_many_of_one_person_s_keep_nobody_waiting(house: House) -> None:
    slow = hostile.jpeg_with_scans(50, 1200)
    many = [await (await attach(house, "mira", slow)).acknowledged() for _ in range(4)]
    await attach(house, "otto", hostile.png(64, 64))
    otto = house.playground.people["otto"].id

    async def look() -> list[int] | None:
        people = [(await house.job(job)).person_id for job in await house.jobs.waiting()]
        return people if otto in people else None

    # Of her four, some are still behind his.
    assert len(await house.until(look)) <= len(many)
    await house.accepted(1 + len(many))
