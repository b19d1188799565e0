"""Bad input: one clear sentence each, and nothing else is delayed."""

import pytest

from tests import photographs
from tests.journeys.studio import Studio, answer, private_answer, public, refusal, result

SENTENCES = {
    "a cat --chaoss 5": "did you mean `--chaos`",
    "a cat --ar 0:0": "`--ar",
    "--ar 3:2": "what to draw",
    "a cat --seed minus": "`--seed",
}


async def test_prompts(studio: Studio) -> None:
    standin = studio.playground
    for prompt, sentence in SENTENCES.items():
        private = await private_answer(
            standin, await standin.command("mira", "imagine", {"prompt": prompt})
        )
        assert sentence.lower() in private.content.lower()
        assert "Traceback" not in private.content


async def test_prompts_come_back(studio: Studio) -> None:
    standin = studio.playground
    long = "a cat on a mat " * 140
    for prompt, lead, whole in (
        ("a cat --chaoss 5 --seed 7", "This would work:", "a cat --seed 7"),
        ("--ar 3:2 --seed 7", "This is what you typed:", "--ar 3:2 --seed 7"),
        ("http://cats.invalid/cat.png a cat", "This is what you typed:", "cat.png a cat"),
        (f"{long}--chaoss 5", "This would work:", long.strip()),
    ):
        private = await private_answer(
            standin, await standin.command("mira", "imagine", {"prompt": prompt})
        )
        assert lead in private.content
        files = [(await standin.read(file)).decode() for file in private.attachments]
        assert whole in " ".join((private.content, *files))
        assert len(files) == (len(prompt) > 2000)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("notes.png", b"these are only words", "not an image"),
        ("broken.png", photographs.CHELSEA.read()[:4000], "damaged"),
    ],
)
async def test_unreadable_images(studio: Studio, name: str, data: bytes, sentence: str) -> None:
    standin = studio.playground
    interaction = await standin.command(
        "mira", "imagine", {"prompt": "a cat"}, files={"image": (name, data)}
    )
    said = await refusal(standin, interaction)
    assert sentence in said.content
    assert [m.id for m in public(standin, interaction.id)] == [said.id]


async def test_links(studio: Studio) -> None:
    standin = studio.playground
    for link, sentence in {
        f"{standin.url}/attachments/1/1/none.png": "404",
        "http://127.0.0.1/cat.png": "private network",
        "http://cats.invalid/cat.png": "cannot be reached",
    }.items():
        interaction = await standin.command("mira", "imagine", {"prompt": f"{link} a cat"})
        assert sentence in (await refusal(standin, interaction)).content


async def test_a_link_that_has_expired_is_renewed_or_named(studio: Studio) -> None:
    standin, day = studio.playground, 24 * 3600
    old = standin.host("cat.png", photographs.CHELSEA.read(), age=3 * day)
    with standin.notes.record() as asked:
        interaction = await standin.command("mira", "imagine", {"prompt": f"{old} a cat"})
        assert (await result(interaction)).attachments
    renewed = [each for each in asked if each.path.endswith("/refresh-urls")]
    assert len(renewed) == 1
    gone = f"{standin.url}/attachments/1/1/none.png?ex=66a1&is=66a0&hm=0b"
    refused = await standin.command("mira", "imagine", {"prompt": f"{gone} a cat"})
    assert (
        "has expired: links to images on Discord work for a day"
        in (await refusal(standin, refused)).content
    )


async def test_a_size_that_the_model_does_not_draw_is_refused_in_private(studio: Studio) -> None:
    press = await studio.playground.command("mira", "imagine", {"prompt": "a star --hd"})
    said = await private_answer(studio.playground, press)
    assert "does not support drawing at twice the size: leave out `--hd`" in said.content


async def test_nothing_else_is_delayed(studio: Studio) -> None:
    standin = studio.playground
    bad = [await standin.command("mira", "imagine", {"prompt": "x --nope"}) for _ in range(20)]
    good = await standin.command("otto", "imagine", {"prompt": "a cat"})
    assert (await result(good)).attachments
    for interaction in bad:
        await answer(interaction)
