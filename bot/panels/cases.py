"""The panel of ``/mod``: a case that waits for a moderator, and what can be decided."""

from typing import Any, Final, cast, get_args

import discord

from bot.components.appeal import build_reason_form, read_reason
from bot.components.items import Item
from bot.components.panel import Panel, PanelPress, make_custom_id
from bot.errors import OldButtonError
from bot.interactions.host import find_host
from bot.text import messages, sentences
from bot.text.case_events import word_reason
from bot.text.languages import say
from storage.decisions.cases import CaseEvent
from storage.queue.moderation import DECISIONS, Decision, OpenCase

_PANEL: Final = "mod"
_DECIDE: Final = "decide"
_NEXT: Final = "next"
_PROMPT: Final = 600
"""Characters of a prompt that moderators see."""

MINORS: Final = "minors"
"""The reason of a report that hides pictures from everybody at once."""

_EVENTS: Final = 8
"""Events of a case that are listed, the latest ones."""


def build_panel(found: OpenCase) -> Panel:
    """A case: whose pictures, what happened, and what can be done."""
    job = found.job
    prompt = messages.escape(str(job.recipe.get("prompt", "")), _PROMPT)
    lines = [
        say(sentences.MOD_WAITING, count=found.waiting),
        say(
            sentences.MOD_CASE,
            who=f"<@{job.person_id}>",
            where=f"<#{job.channel_id}>",
            when=discord.utils.format_dt(job.created_at, "R"),
            prompt=prompt,
        ),
    ]
    if job.verdict is not None:
        lines.append(
            say(
                sentences.MOD_VERDICT,
                score=f"{job.verdict.worst:.2f}",
                limit=f"{job.verdict.limit:.2f}",
            )
        )
    lines += [_write_event(event) for event in found.events[-_EVENTS:]]
    if found.strikes:
        lines.append(say(sentences.MOD_STRIKES, count=found.strikes))
    menu: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=make_custom_id(_PANEL, _DECIDE, job.id),
        placeholder=say(sentences.MOD_DECIDE),
        options=[
            discord.SelectOption(label=say(sentences.DECISIONS[each]), value=each)
            for each in DECISIONS
        ],
        row=0,
    )
    items: list[Item] = [menu]
    if found.waiting > 1:
        custom_id = make_custom_id(_PANEL, _NEXT, job.id)
        items.append(discord.ui.Button(label=say(sentences.MOD_NEXT), custom_id=custom_id, row=1))
    return Panel(messages.stack_lines(lines[0], lines[1:]), items)


async def take_press(press: PanelPress) -> None:
    """Opens the form for a reason, does as it says, or goes on to the next case.

    Raises:
        OldButtonError: This version knows no such part.
    """
    it = press.interaction
    if press.what == _DECIDE and press.values and press.values[0] in DECISIONS:
        decision = press.values[0]
        form = build_reason_form(
            sentences.DECISIONS[decision],
            sentences.MOD_REASON,
            make_custom_id(_PANEL, decision, press.value),
        )
        await it.response.send_modal(form)
    elif press.what in get_args(Decision):
        await it.response.defer()
        decided = cast("Decision", press.what)
        await find_host(it).decide(it, press.value, decided, read_reason(it))
    elif press.what == _NEXT:
        await it.response.defer()
        await find_host(it).show_queue(it, press.value)
    else:
        raise OldButtonError


def build_report_button(job_id: str) -> Item:
    """The button that opens the reasons for a report."""
    button: discord.ui.Button[Any] = discord.ui.Button(
        label=say(sentences.REPORT), custom_id=make_custom_id("report", "ask", job_id), row=1
    )
    return button


def build_reasons(job_id: str) -> Panel:
    """The menu of what can be wrong with pictures."""
    menu: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=make_custom_id("report", "because", job_id),
        placeholder=say(sentences.REPORT_MENU),
        options=[
            discord.SelectOption(label=say(label), value=reason)
            for reason, label in sentences.REPORT_REASONS.items()
        ],
    )
    return Panel(say(sentences.REPORT_ASK), (menu,))


async def take_report(press: PanelPress) -> Panel | None:
    """Asks for the reason of a report, or takes it.

    Raises:
        OldButtonError: This version knows no such reason.
    """
    it = press.interaction
    if press.what == "ask":
        # The panel that it was pressed on stays.
        await it.response.defer(ephemeral=True, thinking=True)
        return build_reasons(press.value)
    if press.what == "because" and press.values and press.values[0] in sentences.REPORT_REASONS:
        await it.response.defer()
        return Panel(await find_host(it).report(it, press.value, press.values[0]), ())
    raise OldButtonError


def _write_event(event: CaseEvent) -> str:
    """One thing that happened, in a line of small print."""
    who = "" if event.actor_id is None or event.actor_id < 0 else f"<@{event.actor_id}>"
    reason = word_reason(event)
    told = " · ".join(filter(None, [say(sentences.CASE_EVENTS[event.what]), who]))
    when = discord.utils.format_dt(event.at, "R")
    return f"-# {when} {told}" + (f": {messages.escape(reason, _PROMPT)}" if reason else "")
