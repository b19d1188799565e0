"""Every sentence that people see, once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import discord

from bot.text.languages import retell, say
from generation.catalogue.card import Capability, Card, shown_size
from generation.recipe import Noise, Recipe
from prompt.guidance.topics import Topic
from storage.decisions.choices import Change
from storage.queue.jobs import Job

CONTENT_LIMIT: Final = 2000
"""Characters in a message's content (Discord)."""

PROMPT_SHOWN: Final = 1400
"""Characters of a prompt shown in a message; the picture's own metadata has all of it."""

ASK_SHOWN: Final = 90
"""Characters of each prompt in the question before many jobs."""

QUEUED: Final = "queued, {place}"
STARTING: Final = "starting"
LOADING: Final = "loading {model}"
RUNNING: Final = "{percent} %"
CANCELLED: Final = "cancelled"

GONE: Final = "I cannot find the job behind this button; it may have been deleted."
OLD_BUTTON: Final = "This button comes from another version of me. Please run the command again."
OTHER_FAMILY: Final = (
    "These pictures were drawn by the model `{family}`, and {now} draws here now; "
    "`/imagine` with the same prompt works."
)
NOT_YOURS: Final = "Only the person who asked for this, or a moderator, can do that."
TOO_LATE: Final = "This job has already ended, so there is nothing left to cancel."
NO_COMMAND: Final = (
    "This command has changed since your Discord loaded it. Please press Ctrl+R and try again."
)
TOO_MANY: Final = (
    "You may have {limit} waiting or running at a time; this one fits when one of them has ended."
)
UNEXPECTED: Final = (
    "Something went wrong on my side and nothing was queued. Please try again; if it stays, "
    "tell the admin the reference `{reference}`."
)

QUEUE_THEM: Final = "Queue them"
NEVER_MIND: Final = "Never mind"
ASK: Final = "This makes {count} jobs:"
ASK_MORE: Final = "… and {more} more."
ASKED: Final = "Queued {count} jobs."
FORGOTTEN: Final = "Nothing was queued."
DRAFT_GONE: Final = "This was answered before, or is more than a week old; please ask again."
WAITING: Final = "One moment…"
SEEDS_FOLLOW: Final = "`--seed` is for the first repetition; the others take seeds after it."

SERVER_CHANNEL: Final = "On this server pictures are made in {channels}; please ask there."
SERVER_ROLE: Final = "On this server pictures are made for {roles}; its managers give out roles."
SERVER_REPEAT: Final = (
    "This makes {count} jobs, and this server allows {limit} per request; ask for fewer at a time."
)
FRAME_LONG: Final = (
    "{model} draws from 1:{limit} to {limit}:1, and this would be longer: "
    "make it square first, or go to another side."
)
SERVER_DAILY: Final = (
    "The limit on this server is {limit} per person in 24 hours, and you asked for {asked}; "
    "please go on later."
)
SERVER_FAMILY: Final = "This server draws with {allowed}, and `{family}` draws here now."
SERVER_SIZE: Final = (
    "This picture would be {side} pixels long, and this server allows {limit}; "
    "a ratio nearer to a square is shorter."
)
ELSEWHERE: Final = "Your pictures appear in {where}."
NO_PLACE: Final = (
    "I may not write where your pictures are to appear; allow direct messages, or ask the "
    "server's managers."
)

PANEL_CHOOSE: Final = "What to change"
PANEL_CHANNELS: Final = "Channels"
PANEL_ROLES: Final = "Roles"
PANEL_EDITORS: Final = "Preset editors"
PANEL_FAMILIES: Final = "Models"
PANEL_RESULTS: Final = "Pictures appear in"
PANEL_LANGUAGE: Final = "Language"
PANEL_LIMITS: Final = "Limits"
PANEL_ROLE: Final = "Limits of a role"
PANEL_CHANGES: Final = "Latest changes"
PANEL_DEFAULT: Final = "Default preset"
PANEL_PRESET: Final = "Preset {name}"
PANEL_ALL: Final = "all"
PANEL_HERE: Final = "where they are asked for"
PANEL_OWN: Final = "each person's own"
PANEL_MANAGERS: Final = "those who manage the server"
LIMIT_REPEAT: Final = "Jobs per request"
LIMIT_LARGEST: Final = "Longest side in pixels"
LIMIT_UNFINISHED: Final = "Unfinished jobs per person"
LIMIT_DAILY: Final = "Jobs per person in 24 hours"
LIMIT_OR_ANY: Final = "{limit}, 0 for any"
ANY: Final = "any"
ROLE_LIMITS: Final = "{role}: {unfinished} unfinished, {daily} in 24 hours"
LIMIT_WRONG: Final = "`{typed}` is no whole number from {low} to {high}; nothing was changed."

SETTINGS: Final = "Your settings, for every picture you ask for:"
SETTINGS_MODEL: Final = "**Model** {model}"
SETTINGS_ON: Final = "**On** {names}"
SETTINGS_MODELS: Final = "Which model draws"
MODEL_UNSET: Final = "The server's"
SETTINGS_STYLIZE: Final = "How strongly to stylize"
STYLIZE_DEFAULT: Final = "The model's own"
STYLIZE_LOW: Final = "Low"
STYLIZE_MEDIUM: Final = "Medium"
STYLIZE_HIGH: Final = "High"
STYLIZE_VERY_HIGH: Final = "Very high"
SETTING_RAW: Final = "Raw"
SETTING_REMIX: Final = "Remix"
SETTING_SUBTLE: Final = "Subtle variations"
SETTING_PRIVATE: Final = "Private pictures"
SETTING_RELAX: Final = "Relaxed speed"
SETTINGS_RESET: Final = "Reset all"

OPTION_SET: Final = "From now on `--{name}` stands for {value}"
OPTION_GONE: Final = "`--{name}` stands for nothing any more."
OPTION_TAKEN: Final = "`--{name}` means something already; choose another name, such as `--mine`."
OPTION_FULL: Final = "You have {limit} options already, which is the most; empty one first."
OPTION_NONE: Final = "You have no options yet; `/prefer option set` keeps one."

REMIX_TITLE: Final = "Remix"
REMIX_PROMPT: Final = "Change the prompt"
REMIX_ON: Final = "Remix is on: V and 🔄 ask for a changed prompt first."
REMIX_OFF: Final = "Remix is off: V and 🔄 draw at once."
TOO_LONG: Final = "This prompt is too long for a form; `/prefer remix` turns the form off."
TOO_LONG_FOR: Final = {
    "zoom": "This prompt is too long for a form; Zoom Out 2x and Zoom Out 1.5x need none.",
    "region": (
        "This prompt is too long for a form, and Vary (Region) needs one; without Remix, "
        "Vary (Subtle) needs none and changes the whole a little."
    ),
}
"""What works instead where a form always asks, by its action."""

ZOOM_TITLE: Final = "Custom zoom"
ZOOM_FACTOR: Final = "How many times as wide, from 1 to 2"
ZOOM_WRONG: Final = (
    "`{typed}` is no zoom that adds something: take a number above 1 up to 2, "
    "or 1 with another `--ar`."
)
REGION_TITLE: Final = "Draw a part anew"
REGION_PARTS: Final = "Which parts"
REGION_BY_HAND: Final = (
    "To paint the part by hand, an admin sets EASEL_PUBLIC_URL and invites me here."
)
PAINT: Final = "Paint"
PAINT_LINK: Final = (
    "Paint over what is to be drawn anew. The link is for you alone and works for {hours} hours."
)
PAGE_HINT: Final = "Paint over what is to be drawn anew; the rest stays as it is."
PAGE_PICTURE: Final = "The picture: arrow keys move the brush, the space bar lowers and lifts it."
PAGE_TOOLS: Final = "Tools"
PAGE_BRUSH: Final = "Brush"
PAGE_ERASER: Final = "Eraser"
PAGE_RECTANGLE: Final = "Rectangle"
PAGE_LASSO: Final = "Lasso"
PAGE_SIZE: Final = "Size"
PAGE_UNDO: Final = "Undo"
PAGE_REDO: Final = "Redo"
PAGE_CLEAR: Final = "Clear"
PAGE_SUBMIT: Final = "Draw"
PAGE_AGAIN: Final = "Paint again"
PAGE_QUEUED: Final = "Queued: the pictures will appear in Discord."
PAGE_AWAY: Final = "I cannot be reached just now; please try again in a moment."
PAGE_NO_SCRIPT: Final = "This page needs JavaScript to paint."
LINK_BROKEN: Final = "This link is not whole; press Vary (Region) under the picture for a new one."
LINK_EXPIRED: Final = "This link has expired; press Vary (Region) under the picture for a new one."
NOTHING_PAINTED: Final = "Nothing is painted yet; paint over what is to be drawn anew."
NO_LONGER_THERE: Final = (
    "You cannot see the channel any more in which you asked for this link, so nothing was queued."
)
PARTS: Final = {
    "0": "Top left",
    "1": "Top",
    "2": "Top right",
    "3": "Left",
    "4": "Middle",
    "5": "Right",
    "6": "Bottom left",
    "7": "Bottom",
    "8": "Bottom right",
}
"""Parts of a picture, row by row."""

NOT_ABLE: Final = {
    Capability.IMAGE_PROMPT: (
        "{model} cannot start from images; Upscale (Subtle) enlarges without redrawing."
    ),
    Capability.VARIATION: "{model} cannot vary a picture; 🔄 draws others from the same prompt.",
    Capability.OUTPAINT: (
        "{model} cannot draw beyond the edges of a picture; `/imagine` with the same prompt and "
        "another `--ar`, or the words `wide view`, shows more."
    ),
    Capability.INPAINT: (
        "{model} cannot redraw a part of a picture; Vary (Subtle) changes the whole a little."
    ),
    Capability.BLEND: (
        "{model} cannot blend images; `/imagine` with one of them and words for the others "
        "comes near."
    ),
    Capability.STRUCTURE: (
        "{model} cannot keep to the lines of a drawing; `/img2img` with it and a `strength` of 0.6 "
        "starts from its colours and shapes."
    ),
}
"""What a family cannot do, and what to do instead."""

WEIGHTS_WRONG: Final = (
    "`{typed}` does not weigh {count} images; write as many numbers above 0, such as `2 1 1`."
)
SERVER_MANAGERS: Final = "Only those who manage this server can see and change this."
NONE: Final = "none"
SERVER_CHANGE: Final = "{when} {who}: {what}, before {before}, now {after}"
NO_CHANGES: Final = "Nothing was changed yet."
NO_SERVER: Final = (
    "There is no server here, only the two of us: keep it for yourself, or ask on the server."
)
NOT_YET: Final = "These pictures are still being made; please wait for them."
PICTURES_GONE: Final = "These pictures are no longer stored; 🔄 makes them again."
FAVOURITE: Final = "Kept among your favourites, which `/show` lists."
NO_FAVOURITE: Final = "No longer among your favourites."
DELETED: Final = "Deleted."
CANCELLED_ALL: Final = "Cancelled {count} of your jobs."
NOTHING_TO_CANCEL: Final = "You have no jobs waiting or running."
NO_IMAGE: Final = "That message has no image."
WHICH_PICTURE: Final = "Which picture?"
NOTHING_MORE: Final = "This picture is as large as it gets."
START_TITLE: Final = "Start from this image"
START_PROMPT: Final = "What to draw"
NO_JOB: Final = (
    "There are no pictures `{typed}`; pick some from the list that comes up while you type, or "
    "give the name of their file."
)
NO_PICTURE: Final = "That message shows no pictures of mine."
HELP: Final = (
    "`/imagine` draws four pictures: **U** makes one larger, **V** varies it, 🔄 draws again.\n"
    "An image that is attached, or linked at the front of the prompt, is started from.\n"
    "✉️ under pictures sends them to you, ⭐ keeps them, 🔄 draws again, ❌ deletes your own.\n"
    "`/help` with one of these words tells more:"
)
NO_HELP: Final = "There is no topic and no flag `{about}`; `/help` alone shows where to begin."

INFO: Final = (
    "**Queue** {queued} waiting, {running} running; workers: {workers}\n"
    "**You** {mine} of {most} waiting or running, {today} of {daily} asked for in 24 hours\n"
    "**Model** {model}: {about}"
)
INFO_MODELS: Final = "**Models to choose with `--model`** {names}"
INFO_LORAS: Final = "**LoRAs** {names}"
RECIPE_SEEDS: Final = "Seeds {seeds}"
ORIGIN_WORDS: Final = "added words"
ORIGIN_CARD: Final = "the model's own"

PRESET_SAVED: Final = "Kept as `{name}`: {text}"
PRESET_SHOWN: Final = "`{name}` adds {text}"
PRESET_DELETED: Final = "The preset `{name}` is gone."
PRESET_MISSING: Final = "There is no preset `{name}` there; `/preset list` shows those there are."
PRESET_NONE: Final = "There are no presets there yet; `/preset save` keeps one."
PRESET_USUAL: Final = "From now on `{name}` is used whenever you name no preset."
PRESET_NO_USUAL: Final = "From now on no preset is used unless you name one."
PRESET_DEFAULT: Final = "This server's default preset is now `{name}`."
PRESET_NO_DEFAULT: Final = "This server has no default preset any more."
PRESET_EXPORTED: Final = "Presets in this file: {count}; `/preset import` takes it."
PRESET_IMPORTED: Final = "Presets kept: {count}."
PRESET_FULL: Final = "There are {limit} presets already, which is the most; delete one first."
PRESET_FILE: Final = "That is not a file of presets; `/preset export` makes one."
PRESET_MANAGERS: Final = (
    "This server's presets are for those who manage the server, or a role they name; "
    "one of your own needs nobody: `/preset save` and `/preset use`."
)
PRESETS_OWN: Final = "**Yours**"
PRESETS_SHARED: Final = "**This server's**"
PRESETS_EMPTY: Final = "none yet"
PRESET_IS_USUAL: Final = "your usual one"
PRESET_IS_DEFAULT: Final = "the default"
PREFERRED: Final = {
    "suffix": "Your suffix: {value}",
    "flags": "Your flags: {value}",
    "variability": "From now on the V buttons vary like this: {value}",
}
"""What is said of a preference, by its name."""
PREFERRED_NOTHING: Final = {
    "suffix": "Your suffix is empty now.",
    "flags": "Your flags are empty now.",
}

NEXT: Final = "next"
AHEAD: Final = "{count} ahead of you"
FAILED: Final = "This could not be made: {reason}."
UNDELIVERABLE: Final = "{who}, your pictures could not be sent. Pressing 🔄 makes them again."
NO_WORDS: Final = "image"
SEED: Final = "seed {seed}"
STEPS_ONE: Final = "1 step"
STEPS_MANY: Final = "{count} steps"
GUIDANCE: Final = "guidance {value}"
JOB: Final = "job {id}"
ALT_ONE: Final = "a generated picture: {prompt}"
ALT_MANY: Final = "{count} generated pictures: {prompt}"
STARTED_FROM: Final = "image at strength {strength}"
KEPT_TO: Final = "{kind} at scale {scale}"
ENLARGED: Final = "{factor}× larger by resampling"
ENLARGED_BY: Final = "{factor}× larger by {upscaler}"
IN_PARTS: Final = "redrawn in parts"
WORKS: Final = "This would work:"
TYPED: Final = "This is what you typed:"

FAILURES: Final = {
    "worker_lost": "the machine that draws stopped three times while making it",
    "out_of_memory": "the graphics card ran out of memory; a smaller picture would work",
    "missing_image": "its starting image is no longer stored; please attach it again",
    "model": "the model could not be loaded; the admin finds the reason with `easel doctor`",
    "lora": "one of its LoRAs is not the same any more or does not fit the model",
    "upscaler": "the upscaler it was asked for is not on the machine that draws, or of no use",
    "internal": "something went wrong while drawing; pressing 🔄 tries again",
}
"""Why a job failed, by the code that the worker recorded."""

HEADINGS: Final = {
    "imagine": "{prompt} — {who}",
    "reroll": "{prompt} — Rerolled by {who}",
    "vary": "{prompt} — Variations (Strong) of image #{index} by {who}",
    "strong": "{prompt} — Variations (Strong) of image #{index} by {who}",
    "subtle": "{prompt} — Variations (Subtle) of image #{index} by {who}",
    "upscale": "{prompt} — Image #{index}, upscaled by {who}",
    "larger": "{prompt} — Upscaled (Subtle) by {who}",
    "creative": "{prompt} — Upscaled (Creative) by {who}",
    "vast": "{prompt} — Upscaled 4x (Creative) by {who}",
    "region": "{prompt} — Variations (Region) by {who}",
    "far": "{prompt} — Zoom Out by {who}",
    "near": "{prompt} — Zoom Out by {who}",
    "zoom": "{prompt} — Zoom Out by {who}",
    "square": "{prompt} — Make Square by {who}",
    "left": "{prompt} — Pan Left by {who}",
    "right": "{prompt} — Pan Right by {who}",
    "up": "{prompt} — Pan Up by {who}",
    "down": "{prompt} — Pan Down by {who}",
    "blend": "{prompt} — Blended by {who}",
    "map": "{prompt} — Control map for {who}",
}
"""First line of a job's message, by how the job came about."""


@dataclass(frozen=True, slots=True)
class Title:
    """How a job came about: what was asked, and of which picture (counted from 1)."""

    action: str
    index: int | None = None

    def __str__(self) -> str:
        return self.action if self.index is None else f"{self.action}:{self.index}"

    @classmethod
    def read(cls, text: str) -> "Title":
        """The title that ``str`` wrote."""
        action, _, index = text.partition(":")
        return cls(action if action in HEADINGS else "imagine", int(index) if index else None)


def fenced(text: str) -> str:
    """Text to copy, with nothing in it that could end the block."""
    return f"```\n{text.replace('`', 'ˋ')}\n```"


def notes(repairs: Iterable[str]) -> str:
    """What was read otherwise than it was written."""
    return "\n".join(map(retell, repairs))[:CONTENT_LIMIT]


def ask(count: int, prompts: Sequence[str], more: int) -> str:
    """The question before many jobs: how many, and what they are."""
    lines = [f"- {_plain(prompt, ASK_SHOWN)}" for prompt in prompts]
    lines += [say(ASK_MORE, more=more)] if more else []
    return "\n".join([say(ASK, count=count), *lines])


def server_log(changes: Sequence[tuple[datetime, Change]], titles: Mapping[str, str]) -> str:
    """Who changed what, the latest first.

    Args:
        changes: When, and what was noted.
        titles: What is called how.
    """
    lines = [
        say(
            SERVER_CHANGE,
            when=discord.utils.format_dt(at, "R"),
            who=f"<@{change.person_id}>",
            what=_changed(change.what, titles),
            before=_value(change.before),
            after=_value(change.after),
        )
        for at, change in changes
    ]
    return "\n".join(lines)[:CONTENT_LIMIT] or say(NO_CHANGES)


def _changed(what: str, titles: Mapping[str, str]) -> str:
    _, _, name = what.partition(" ")
    return say(PANEL_PRESET, name=code(name)) if name else say(titles.get(what, what))


def _value(text: str | None) -> str:
    return _plain(text, ASK_SHOWN) if text else say(NONE)


def code(text: str) -> str:
    """Text to be copied, on one line."""
    return f"`{' '.join(text.split()).replace('`', 'ˋ')}`"


def preset_list(own: Mapping[str, str], shared: Mapping[str, str], usual: str, default: str) -> str:
    """A person's and a server's presets, one a line."""
    lines = [say(PRESETS_OWN), *_presets(own, {usual: say(PRESET_IS_USUAL)})]
    lines += [
        say(PRESETS_SHARED),
        *_presets(shared, {default: say(PRESET_IS_DEFAULT), usual: say(PRESET_IS_USUAL)}),
    ]
    return "\n".join(lines)[:CONTENT_LIMIT]


def _presets(presets: Mapping[str, str], marks: Mapping[str, str]) -> list[str]:
    return [
        f"- `{name}`{f' ({marks[name]})' if name in marks else ''}: {_plain(text, ASK_SHOWN)}"
        for name, text in presets.items()
    ] or [say(PRESETS_EMPTY)]


def preset_usual(name: str) -> str:
    """What is said when a person's usual preset changes."""
    return say(PRESET_USUAL, name=name) if name else say(PRESET_NO_USUAL)


def preset_default(name: str) -> str:
    """What is said when a server's default preset changes."""
    return say(PRESET_DEFAULT, name=name) if name else say(PRESET_NO_DEFAULT)


def preferred(what: str, value: str) -> str:
    """What is said when a preference changes."""
    return say(PREFERRED[what], value=code(value)) if value else say(PREFERRED_NOTHING[what])


def option_kept(name: str, text: str) -> str:
    """What is said when a person's own flag changes."""
    return say(OPTION_SET, name=name, value=code(text)) if text else say(OPTION_GONE, name=name)


def option_list(options: Mapping[str, str]) -> str:
    """A person's own flags, one a line."""
    lines = [f"- `--{name}`: {_plain(text, ASK_SHOWN)}" for name, text in options.items()]
    return "\n".join(lines)[:CONTENT_LIMIT] or say(OPTION_NONE)


def _plain(text: str, longest: int) -> str:
    """One line without markup, shortened."""
    return discord.utils.escape_markdown(_cut(text, longest))


def quoted(typed: str) -> str:
    """What somebody typed, fit to stand between backticks."""
    return _cut(typed, 40).replace("`", "ˋ")


def place(position: int) -> str:
    """A place in the queue, for people."""
    return say(NEXT) if position <= 1 else say(AHEAD, count=position - 1)


def heading(job: Job, recipe: Recipe) -> str:
    """The line that says what is being made, and for whom."""
    title = Title.read(job.title)
    return say(
        HEADINGS[title.action],
        prompt=f"**{shown_prompt(recipe)}**",
        who=f"<@{job.person_id}>",
        index=title.index,
    )


def shown_prompt(recipe: Recipe) -> str:
    """The prompt as people may copy it: words, flags and seed, shortened and escaped."""
    text = _whole_prompt(recipe)
    if is_shortened(recipe):
        text = text[: PROMPT_SHOWN // 2].rstrip() + "…"
    return discord.utils.escape_markdown(text.replace("\n", " "))


def is_shortened(recipe: Recipe) -> bool:
    """Whether a message shows less than the whole prompt."""
    return len(_whole_prompt(recipe)) > PROMPT_SHOWN // 2


def _whole_prompt(recipe: Recipe) -> str:
    return " ".join(part for part in (recipe.prompt or say(NO_WORDS), _flags(recipe)) if part)


def _flags(recipe: Recipe) -> str:
    """The flags that make the pictures again; no seed alone makes a variation again."""
    first = recipe.pictures[0]
    return f"{recipe.parameters} {'' if first.turns else f'--seed {first.seed}'}".strip()


def running(job: Job, recipe: Recipe, state: str) -> str:
    """The message of a job that has not ended: heading and state."""
    return f"{heading(job, recipe)} ({state})"


def finished(job: Job, recipe: Recipe) -> str:
    """The message of a job that is done: heading, then the settings in small print."""
    return f"{heading(job, recipe)}\n-# {settings_line(job, recipe)}"


def failed(job: Job, recipe: Recipe) -> str:
    """The message of a job that could not be made, with the reason."""
    reason = FAILURES.get(job.failure or "", FAILURES["internal"])
    return f"{heading(job, recipe)}\n{say(FAILED, reason=say(reason))}"


def undeliverable(job: Job) -> str:
    """The message of a job whose pictures were made but could not be sent."""
    return say(UNDELIVERABLE, who=f"<@{job.person_id}>")


def settings_line(job: Job, recipe: Recipe) -> str:
    """What decided the pictures, in one line."""
    width, height = shown_size(recipe)
    parts = [
        f"{width}×{height}",
        say(SEED, seed=_seed(recipe.pictures[0])),
        say(STEPS_ONE if recipe.steps == 1 else STEPS_MANY, count=recipe.steps),
        say(GUIDANCE, value=f"{recipe.guidance:g}"),
        recipe.sampler,
        recipe.model,
    ]
    if recipe.start:
        parts.append(say(STARTED_FROM, strength=f"{recipe.start.strength:.2f}"))
    if recipe.structure:
        scale = f"{recipe.structure.scale:g}"
        parts.append(say(KEPT_TO, kind=recipe.structure.kind, scale=scale))
    if recipe.patch:
        parts.append(say(IN_PARTS))
    if recipe.upscaler:
        name = quoted(recipe.upscaler.name)
        parts.append(say(ENLARGED_BY, factor=recipe.upscale, upscaler=name))
    elif recipe.upscale > 1:
        parts.append(say(ENLARGED, factor=recipe.upscale))
    if took := _seconds(job.started_at, job.finished_at):
        parts.append(took)
    return " · ".join(parts)


def _seed(noise: Noise) -> int:
    """The seed that made a picture different from those beside it."""
    return noise.turns[-1].seed if noise.turns else noise.seed


def served(cards: Sequence[Card]) -> str:
    """The models that people may choose among, by the names that they type."""
    names = ", ".join(f"`{card.called}` {say(card.title)}" for card in cards)
    return say(INFO_MODELS, names=names)


def recipe_card(job: Job, recipe: Recipe) -> str:
    """Everything that decided a job's pictures, for people: words, flags and seeds."""
    lines = [
        f"**{_plain(recipe.prompt or say(NO_WORDS), PROMPT_SHOWN // 2)}**",
        *([code(_cut(flags, PROMPT_SHOWN // 4))] if (flags := _flags(recipe)) else []),
        f"-# {settings_line(job, recipe)} · {say(JOB, id=job.id)}",
    ]
    if len(recipe.pictures) > 1:
        seeds = ", ".join(f"#{k} {_seed(noise)}" for k, noise in enumerate(recipe.pictures, 1))
        lines.append(f"-# {say(RECIPE_SEEDS, seeds=seeds)}")
    return "\n".join(lines)


def stacked(text: str, lines: Iterable[str]) -> str:
    """A text with those lines below it that fit into a message."""
    for line in lines:
        text = f"{text}\n{line}" if len(text) + len(line) < CONTENT_LIMIT else text
    return text


def choice(id_: str, recipe: Mapping[str, Any], favourite: bool, longest: int) -> str:
    """Pictures as a choice in a list: their words, and how their files are called."""
    end = f" · {id_[:8]}"
    words = f"{'⭐ ' if favourite else ''}{recipe.get('prompt') or say(NO_WORDS)}"
    return _cut(words, longest - len(end)) + end


def _cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def help_start(topics: Sequence[Topic]) -> str:
    """Where to begin, and the topics there are."""
    return "\n".join([say(HELP), *(f"- `{topic.name}`: {say(topic.title)}" for topic in topics)])


def no_help(about: str) -> str:
    """The answer to a word that is neither topic nor flag."""
    return say(NO_HELP, about=quoted(about))


def alt_text(recipe: Recipe) -> str:
    """What a screen reader says of the picture."""
    count = len(recipe.pictures)
    told = ALT_ONE if count == 1 else ALT_MANY
    return say(told, count=count, prompt=recipe.prompt or say(NO_WORDS))[:1024]


def _seconds(start: datetime | None, end: datetime | None) -> str:
    return f"{(end - start).total_seconds():.1f} s" if start and end else ""
