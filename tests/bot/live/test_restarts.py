"""A restart of the bot in the middle of every form, menu and question: they still work."""

from typing import Any

from playground import Interaction, Message
from storage.decisions.choices import PersonChoices
from tests.bot.live.house import PATIENCE
from tests.journeys.studio import BOT, Studio, answer, offered, refusal, result, showing

QUICK = "--steps 1"
ROLE = 1140000000000000011
SERVER = "easel:panel:server"


async def restarted(studio: Studio) -> None:
    await studio.end(BOT)
    await studio.start(BOT)


async def opened(press: Interaction) -> Interaction:
    """A press that was answered with a form."""
    await press.acknowledged()
    assert press.modal is not None
    return press


async def panel(studio: Studio, command: str, text: str, person: str = "otto") -> Message:
    return await showing(await answer(await studio.playground.command(person, command)), text)


async def single(studio: Studio) -> Message:
    """One picture with everything that can be pressed below it."""
    grid = await studio.playground.command("mira", "imagine", {"prompt": f"a cat {QUICK}"})
    return await result(
        await studio.playground.press("mira", await result(grid), label="U1"),
    )


async def test_every_form_under_pictures_is_taken_after_a_restart(studio: Studio) -> None:
    picture = await single(studio)
    await studio.prefer("mira", PersonChoices(remix=True))
    words = f"a dog {QUICK}"
    answers: dict[str, dict[str, Any]] = {
        "Vary (Subtle)": {},
        "Vary (Strong)": {},
        "🔄": {},
        "⬅️": {},
        "⬇️": {},
        "Custom Zoom": {"zoom": "1.5"},
        "Vary (Region)": {"parts": ["4"]},
    }
    forms = {
        label: await opened(await studio.playground.press("mira", picture, label=label))
        for label in answers
    }
    start = await offered(studio.playground, "mira", picture)
    await restarted(studio)
    sent = [
        await studio.playground.submit("mira", forms[label], {"prompt": words, **more})
        for label, more in answers.items()
    ]
    sent.append(await studio.playground.submit("mira", start, {"prompt": words}))
    for each in sent:
        await showing(await answer(each), "a dog")
    await studio.playground.command("mira", "cancel")


async def test_the_settings_are_set_after_a_restart(studio: Studio) -> None:
    shown = await panel(studio, "settings", "Your settings", "mira")
    await restarted(studio)
    on = []
    for label in ("Remix", "Subtle variations", "Private pictures", "Relaxed speed"):
        press = await studio.playground.press("mira", shown, label=label)
        await press.acknowledged()
        on.append(label)
        await showing(shown, f"**On** {', '.join(on)}")
    await studio.playground.select("mira", shown, ["seasel"])
    await showing(shown, "--model easel")
    press = await studio.playground.press("mira", shown, label="Reset all")
    await showing(shown, "**On** none")


async def test_every_menu_of_the_server_works_after_a_restart(studio: Studio) -> None:
    there = studio.playground.channel("art")
    chosen = {
        "channels": (there, f"asked for in <#{there}>"),
        "roles": (ROLE, f"**Roles** Members with <@&{ROLE}>"),
        "editors": (ROLE, f"**Preset editors** Members with <@&{ROLE}>"),
        "families": ("easel", "No model draws here but `easel`"),
        "results": (there, f"Pictures appear in <#{there}>."),
        "language": ("ja", "one language: Japanese"),
    }
    panels = {}
    for topic in chosen:
        panels[topic] = await panel(studio, "server", "**Channels**")
        press = await studio.playground.select(
            "otto", panels[topic], [topic], custom_id=f"{SERVER}:open"
        )
        await press.acknowledged()
        await panels[topic].until(lambda now: len(list(now.components)) == 2, PATIENCE)
    await restarted(studio)
    for topic, (value, text) in chosen.items():
        press = await studio.playground.select(
            "otto", panels[topic], [str(value)], custom_id=f"{SERVER}:{topic}"
        )
        await press.acknowledged()
        await showing(panels[topic], text)


async def test_what_a_menu_offered_and_what_waits_is_pressed_after_a_restart(
    studio: Studio,
) -> None:
    picture = await single(studio)
    varying = await showing(
        await answer(await studio.playground.command("mira", "Vary or upscale", target=picture)),
        "Which",
    )
    question = await showing(
        await answer(
            await studio.playground.command(
                "mira", "imagine", {"prompt": f"a {{cat, dog}} {QUICK} --repeat 2"}
            )
        ),
        "4 jobs",
    )
    await restarted(studio)
    press = await studio.playground.press("mira", question, label="Never mind")
    await showing(question, "Nothing was queued")
    await press.acknowledged()
    assert (
        "(Subtle)"
        in (
            await result(await studio.playground.press("mira", varying, label="Vary (Subtle)"))
        ).content
    )
    for label, text in (("⭐", "favourites"), ("Recipe", "job ")):
        press = await studio.playground.press("mira", picture, label=label)
        await press.acknowledged()
        await studio.playground.message(
            lambda m: m.id > press.id and text in m.content  # noqa: B023 - waited for at once
        )


async def test_a_form_for_pictures_of_a_job_that_is_gone_is_told_in_one_sentence(
    studio: Studio,
) -> None:
    picture = await single(studio)
    await studio.prefer("mira", PersonChoices(remix=True))
    form = await opened(await studio.playground.press("mira", picture, label="Vary (Strong)"))
    assert form.modal is not None
    form.modal["custom_id"] = f"easel:remix:strong:{'0' * 32}:1"
    await restarted(studio)
    sent = await studio.playground.submit("mira", form, {"prompt": "a dog"})
    assert "cannot find the job" in (await refusal(studio.playground, sent)).content
