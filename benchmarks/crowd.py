"""A crowd: interactions of every kind at once, beside a bot that does nothing but acknowledge.

``python -m benchmarks.crowd`` asks a hundred times a second for a minute, of which 30 make jobs,
then a thousand times within a moment; first of the product, then of a bare discord.py bot that
hears the same. This process is Discord and all people; the bot is a process of its own, and so is
a worker that needs a second for plain pictures. ``--database postgres`` starts a server for it.
``--costs`` prints instead what one interaction takes of the bot's processor, which can be told on a
busy machine as well.
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from benchmarks.door import paint
from playground import Interaction, Message, Playground
from playground.client.options import NotPossibleError
from playground.state import components
from playground.state.cast import DIRECT_OFFSET
from playground.state.records import Channel
from storage.decisions.choices import ServerChoices
from storage.prepare import migrate
from storage.settings import Settings
from tests.journeys.studio import BOT, Studio, answer
from tests.storage.postgres import postgres_server

RATE, SECONDS, BURST = 100, 60, 1000
PEOPLE: Final = 200
LATE: Final = 3.0
"""Seconds that Discord waits for a first answer."""
COSTED, COSTED_RATE = 100, 25
"""Interactions of a kind whose cost is measured, and how many a second."""
DRAWING: Final = 1.0
"""Seconds that the worker takes for a job."""

BARE: Final = """
import sys, discord
from bot.client import INTENTS, point_at
point_at(sys.argv[1])
client = discord.Client(intents=INTENTS, max_messages=None, chunk_guilds_at_startup=False)
kinds = discord.InteractionType
@client.event
async def on_interaction(it):
    if it.type is kinds.autocomplete:
        await it.response.autocomplete([])
    elif it.type is kinds.component and ":zoom:" in it.data["custom_id"]:
        form = discord.ui.Modal(title="Zoom", custom_id="zoom")
        for name in ("prompt", "zoom"):
            form.add_item(discord.ui.TextInput(label=name, custom_id=name))
        await it.response.send_modal(form)
    else:
        await it.response.defer(thinking=it.type is kinds.application_command)
client.run(sys.argv[2], log_handler=None)
"""


@dataclass
class Crowd:
    """What people do, and what is to be done with.

    Attributes:
        grid: Pictures whose buttons are pressed.
        single: One of them alone.
        settings: Mira's panel.
        forms: What was opened and not submitted yet.
        asked: Everything that waits for a first answer, by its kind.
    """

    standin: Playground
    grid: Message
    single: Message
    settings: Message
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    forms: list[tuple[str, Interaction]] = field(default_factory=list)
    asked: defaultdict[str, list[Interaction]] = field(default_factory=lambda: defaultdict(list))

    @property
    def star(self) -> str:
        """What marks the single picture, however it is labelled by now."""
        parts = components.walk(self.single.components)
        found = (str(part.get("custom_id")) for part in parts)
        return next(name for name in found if ":favourite:" in name)

    @property
    def somebody(self) -> str:
        """Anyone of the crowd."""
        return f"p{self.chance.randrange(PEOPLE)}"

    async def act(self, kind: str) -> None:
        """Has somebody do something; see ``MIX``."""
        made = await ACTIONS[kind](self, self.somebody)
        if made is not None:
            self.asked[kind].append(made)

    async def open_form(self, person: str) -> Interaction:
        """Opens a form, to be submitted by whoever comes to it."""
        opened = await self.standin.press(person, self.single, label="Custom Zoom")
        self.forms.append((person, opened))
        return opened

    async def submit(self, _: str) -> Interaction | None:
        """Submits the oldest form that has come."""
        for entry in self.forms:
            person, opened = entry
            if opened.modal is not None:
                self.forms.remove(entry)
                values = {"prompt": "a dog", "zoom": "1.5"}
                return await self.standin.submit(person, opened, values)
        return None

    async def choose(self) -> Interaction | None:
        """Chooses something in the first menu of the panel, unless it is chosen already."""
        parts = components.walk(self.settings.components)
        menu = next(part for part in parts if part["type"] == components.STRING_SELECT)
        value = self.chance.choice(menu["options"])["value"]
        name = menu["custom_id"]
        with suppress(NotPossibleError):
            return await self.standin.select("mira", self.settings, [value], custom_id=name)
        return None

    async def react(self, person: str, emoji: str) -> None:
        """Adds a reaction, or takes it back where it is there."""
        if self.standin.people[person].id in self.grid.reactions.get(emoji, ()):
            await self.standin.unreact(person, self.grid, emoji)
        else:
            await self.standin.react(person, self.grid, emoji)


def _command(name: str, **options: object) -> "Action":
    return lambda crowd, person: crowd.standin.command(person, name, options)


def _completion(name: str, focused: str, **options: object) -> "Action":
    async def ask(crowd: Crowd, person: str) -> Interaction:
        return crowd.standin.ask_completions(person, name, options, focused)

    return ask


Action = Callable[[Crowd, str], Awaitable[Interaction | None]]
ACTIONS: Final[dict[str, Action]] = {
    "imagine": _command("imagine", prompt="a red apple on a table --ar 3:2"),
    "imagine with a fault": _command("imagine", prompt="a cat --ar x"),
    "info": _command("info"),
    "help": _command("help"),
    "show": lambda crowd, who: crowd.standin.command(who, "show"),
    "prefer": _command("prefer option list"),
    "preset": _command("preset list"),
    "recipe": lambda crowd, who: crowd.standin.command(who, "Recipe", target=crowd.single),
    "flags": _completion("imagine", "prompt", prompt="a red apple --st"),
    "pictures": _completion("show", "id", id="a"),
    "presets": _completion("imagine", "preset", prompt="a", preset="i"),
    "reroll": lambda crowd, who: crowd.standin.press(who, crowd.grid, label="🔄"),
    "upscale": lambda crowd, who: crowd.standin.press(who, crowd.grid, label="U2"),
    "favourite": lambda crowd, who: crowd.standin.press(who, crowd.single, custom_id=crowd.star),
    "form": lambda crowd, who: crowd.open_form(who),
    "submission": lambda crowd, who: crowd.submit(who),
    "menu": lambda crowd, _: crowd.choose(),
    "switch": lambda crowd, _: crowd.standin.press("mira", crowd.settings, label="Raw"),
    "⭐": lambda crowd, who: crowd.react(who, "⭐"),
    "🔄": lambda crowd, who: crowd.react(who, "🔄"),
}  # fmt: skip
MIX: Final = Counter({
    "imagine": 16, "reroll": 4, "upscale": 4, "submission": 4, "🔄": 2,
    "imagine with a fault": 8, "info": 3, "help": 4, "show": 3, "prefer": 3, "preset": 3,
    "recipe": 3, "flags": 10, "pictures": 8, "presets": 6, "favourite": 4, "form": 4,
    "menu": 4, "switch": 4, "⭐": 3,
})  # fmt: skip
"""How often of a hundred; what the first line names makes jobs."""
JOBS: Final = {"imagine", "reroll", "upscale", "submission", "🔄"}
"""What that is."""


def gather(standin: Playground) -> None:
    """Fills the server."""
    mira = standin.people["mira"]
    for number in range(PEOPLE):
        name, whose = f"p{number}", mira.id + 10_000 + 2 * number
        user = {**mira.user, "id": str(whose), "username": name}
        standin.people[name] = replace(mira, id=whose, name=name, user=user)
        direct = Channel(whose + DIRECT_OFFSET, name, person=whose)
        standin.world.channels[direct.id] = direct


async def prepare(standin: Playground) -> Crowd:
    """Has pictures drawn whose buttons are there."""
    made = await answer(await standin.command("mira", "imagine", {"prompt": "a cat"}))
    grid = await made.until(lambda now: "U1" in now.buttons, 60)
    press = await answer(await standin.press("mira", grid, label="U1"))
    single = await press.until(lambda now: "Custom Zoom" in now.buttons, 60)
    panel = await answer(await standin.command("mira", "settings"))
    return Crowd(standin, grid, single, await panel.until(lambda now: "Raw" in now.buttons))


async def act_for(crowd: Crowd, seconds: int) -> None:
    """Has things done at an even pace."""
    turns = list(MIX.elements())
    start = time.perf_counter()
    for number in range(RATE * seconds):
        if not number % len(turns):
            crowd.chance.shuffle(turns)
        await asyncio.sleep(max(0.0, start + number / RATE - time.perf_counter()))
        await crowd.act(turns[number % len(turns)])


async def act_at_once(crowd: Crowd, count: int) -> None:
    """Has things done as fast as this process can."""
    turns = [*MIX.elements()] * (count // MIX.total())
    crowd.chance.shuffle(turns)
    for kind in turns:
        await crowd.act(kind)
        # Discord hears answers meanwhile.
        await asyncio.sleep(0)


async def settle(crowd: Crowd) -> dict[str, list[float]]:
    """Seconds to the first answer of everything since, by kind."""
    asked, crowd.asked = crowd.asked, defaultdict(list)
    await asyncio.gather(*(each.ended(LATE * 3) for kind in asked.values() for each in kind))
    return {kind: [each.latency for each in of_kind] for kind, of_kind in asked.items()}


def tell(name: str, found: dict[str, list[float]], *, each: bool = False) -> None:
    """Prints what was missed and how long the rest took, in milliseconds."""
    rows = {name: [one for kind in found.values() for one in kind]}
    if each:
        rows |= {f"  {kind}": found[kind] for kind in ACTIONS if kind in found}
    for title, took in rows.items():
        told = sorted(took)
        cuts = (told[int(part * (len(told) - 1))] * 1e3 for part in (0.5, 0.95, 0.99))
        missed = sum(one > LATE for one in told)
        print(f"{title:34}{len(told):6}{missed:8}" + "".join(f"{cut:9.0f}" for cut in cuts))


@contextmanager
def spending(what: str, process: int | None) -> Iterator[None]:
    """Prints what share of a core a process, its event loop alone and this process took."""
    looks: tuple[Callable[[], float], ...] = (
        lambda: _processor_seconds(f"{process}"),
        lambda: _processor_seconds(f"{process}/task/{process}"),
        time.process_time,
    )
    began, before = time.perf_counter(), [look() for look in looks]
    yield
    took = time.perf_counter() - began
    spent, loop, own = (
        f"{(look() - then) / took:.0%}" for look, then in zip(looks, before, strict=True)
    )
    print(f"  {what} {spent} of a core, {loop} its event loop; Discord and people {own}")


def _processor_seconds(process: str) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(name: str, crowd: Crowd, process: int | None, seconds: int) -> None:
    """Prints both figures of a bot."""
    with spending(name, process):
        await act_for(crowd, seconds)
    tell(f"{name}, {RATE} a second", await settle(crowd), each=True)
    with spending(name, process):
        await act_at_once(crowd, BURST)
        found = await settle(crowd)
    tell(f"{name}, {BURST} at once", found)


@asynccontextmanager
async def bare(standin: Playground) -> AsyncIterator[int]:
    """A bot that acknowledges; its process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-c", BARE, standin.url, standin.token
    )
    try:
        await standin.ready(60)
        yield process.pid
    finally:
        process.kill()
        await process.wait()


async def measure_costs(crowd: Crowd, process: int) -> None:
    """Prints the milliseconds of a processor that interactions take, with all that follows."""
    others = [kind for kind in MIX.elements() if kind not in JOBS]
    crowd.chance.shuffle(others)
    for name, kinds in (
        ("/imagine", ["imagine"]),
        ("🔄 and U", ["reroll", "upscale"]),
        ("other", others),
    ):
        for counted in (False, True):
            before, start = _processor_seconds(f"{process}"), time.perf_counter()
            for number in range(COSTED):
                await asyncio.sleep(max(0.0, start + number / COSTED_RATE - time.perf_counter()))
                await crowd.act(kinds[number % len(kinds)])
            await settle(crowd)
            if counted:
                spent = _processor_seconds(f"{process}") - before
                print(f"{name:34}{COSTED:6}{spent / COSTED * 1e3:9.1f} ms")


async def run(folder: Path, url: str, seconds: int, *, costs: bool) -> None:
    """Measures the product, then the bare bot; or what its interactions cost."""
    settings = Settings(data=folder, database_url=url, worker="benchmark")
    migrate(settings)
    worker = multiprocessing.get_context("spawn").Process(target=paint, args=[settings, DRAWING])
    worker.start()
    async with Playground(port=0) as standin:
        gather(standin)
        studio = Studio(standin, folder, url)
        studio.environment |= {"EASEL_MAX_JOBS_PER_PERSON": "100000", "EASEL_DEAD_AFTER": "30"}
        try:
            await studio.start(BOT, afresh=True)
            await studio.decide(ServerChoices(unfinished=100_000))
            crowd = await prepare(standin)
            if costs:
                await measure_costs(crowd, studio.processes[BOT].pid or 0)
                return
            print(f"{'':34}{'asked':>6}{'missed':>8}{'p50':>9}{'p95':>9}{'p99':>9}   in ms")
            await measure("Easel", crowd, studio.processes[BOT].pid, seconds)
            waiting = sum("Cancel" in message.buttons for message in standin.messages)
            print(f"  {waiting} jobs are shown as waiting at the end")
            await studio.end(BOT)
            async with bare(standin) as process:
                await measure("bare", crowd, process, seconds)
        finally:
            await studio.close()
            worker.terminate()
            worker.join(20)
            # Whatever a person would have read in the log.
            wrong = [line for line in studio.log().splitlines() if "error" in line.lower()]
            print(*wrong[:5], sep="\n")


def main() -> None:
    """Measures on one kind of database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--costs", action="store_true")
    chosen = parser.parse_args()
    print(f"{chosen.database}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        if chosen.database == "sqlite":
            asyncio.run(run(Path(folder), "", chosen.seconds, costs=chosen.costs))
            return
        with postgres_server() as server:
            url = server.url + "crowd"
            asyncio.run(run(Path(folder), url, chosen.seconds, costs=chosen.costs))


if __name__ == "__main__":
    main()
