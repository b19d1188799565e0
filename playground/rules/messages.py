"""Discord's rules about messages, answers and modals that its description does not hold.

Each rule is a small function that yields what is wrong; the lists at the end of each part say which
rules hold where. Sources: Discord's written documentation (messages, components, interactions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground.protocol.refusals import KNOWN, Call, RefusedError, form_error, plant, refused
from playground.rules.component_limits import (
    Path,
    Wrong,
    component_faults,
    is_link,
    is_unicode_emoji,
)
from playground.state import components
from playground.state.cast import APPLICATION_ID
from playground.state.components import ROW, TEXT
from playground.state.records import (
    Answer,
    Body,
    Channel,
    Interaction,
    InteractionType,
    Message,
    MessageFlag,
    Permission,
    Upload,
)
from playground.state.world import World

LONGEST_CONTENT = 2000
MOST_ROWS = 5
MOST_COMPONENTS = 40
MOST_TEXT = 4000
MOST_EMBED_TEXT = 6000
MOST_FILES = 10
MOST_MODAL_PARTS = 5
TO_CREATE = (
    MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.COMPONENTS_V2
)
TO_EDIT = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.COMPONENTS_V2


@dataclass(frozen=True)
class Draft:
    """A message as it would be after a request.

    Attributes:
        asked: the request's part that describes the message.
        before: the message that is edited; None for a new one.
        allowed: flags that this kind of request may carry.
        files: names of the files that it would have.
    """

    asked: Body
    uploads: Mapping[int, Upload]
    before: Message | None
    allowed: int

    @property
    def content(self) -> str:
        """The text that it would have."""
        return str(self._now("content", self.before.content if self.before else "") or "")

    @property
    def embeds(self) -> list[Body]:
        """The embeds that it would have."""
        return list(self._now("embeds", self.before.embeds if self.before else []) or [])

    @property
    def components(self) -> list[Body]:
        """The components that it would have."""
        return list(self._now("components", self.before.components if self.before else []) or [])

    @property
    def new_components(self) -> list[Body]:
        """The components that the request brings."""
        return list(self.asked.get("components") or [])

    @property
    def v2(self) -> bool:
        """Whether it would be made of components alone."""
        flags = (self.asked.get("flags") or 0) | (self.before.flags if self.before else 0)
        return bool(flags & MessageFlag.COMPONENTS_V2)

    @property
    def files(self) -> list[str]:
        """Names of the files that it would have."""
        old = {a.id: a.filename for a in self.before.attachments} if self.before else {}
        new = {index: upload.filename for index, upload in self.uploads.items()}
        listed = self.asked.get("attachments")
        if listed is None:
            return [*old.values(), *new.values()]
        return [
            entry.get("filename") or {**old, **new}.get(int(entry["id"]), "") for entry in listed
        ]

    def _now(self, key: str, before: object) -> Any:  # noqa: ANN401  JSON
        return self.asked.get(key) if key in self.asked else before


# Rules about every message


def _content_length(draft: Draft) -> Iterator[Wrong]:
    if len(draft.content) > LONGEST_CONTENT:
        yield ("content",), "BASE_TYPE_MAX_LENGTH", f"Must be {LONGEST_CONTENT} or fewer in length."


def _flags(draft: Draft) -> Iterator[Wrong]:
    asked = draft.asked.get("flags")
    if asked is None:
        return
    if asked & ~int(draft.allowed):
        yield ("flags",), "BASE_TYPE_CHOICES", "Only some flags can be set here."
    before = draft.before.flags if draft.before else 0
    if before & MessageFlag.COMPONENTS_V2 and not asked & MessageFlag.COMPONENTS_V2:
        yield ("flags",), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", "The flag cannot be removed."


def _embeds(draft: Draft) -> Iterator[Wrong]:
    if sum(map(_embed_length, draft.embeds)) > MOST_EMBED_TEXT:
        yield ("embeds",), "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000"
    for index, embed in enumerate(draft.embeds):
        if not set(embed) - {"type", "color", "timestamp", "flags"}:
            yield ("embeds", index), "BASE_TYPE_REQUIRED", "This field is required"


def _embed_length(embed: Body) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or ():
        texts += [field.get("name"), field.get("value")]
    return sum(len(text or "") for text in texts)


def _layout(draft: Draft) -> Iterator[Wrong]:
    """Rows and the flag: components of the second version need it, and then nothing else may be."""
    if not draft.v2:
        if len(draft.components) > MOST_ROWS:
            yield ("components",), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."
        for index, component in enumerate(draft.components):
            if component["type"] != ROW:
                place = ("components", index, "type")
                yield place, "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).'
        return
    for key, value in (("content", draft.content), ("embeds", draft.embeds)):
        if value:
            code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
            yield (key,), code, f"The '{key}' field cannot be used with components v2."
    everything = list(components.walk(draft.components))
    if len(everything) > MOST_COMPONENTS:
        code = "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"
        yield ("components",), code, "The total number of components exceeds 40."
    if sum(len(c["content"]) for c in everything if c["type"] == TEXT) > MOST_TEXT:
        code = "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"
        yield ("components",), code, "The displayable text exceeds 4000 characters."


def _left_out(draft: Draft) -> Iterator[Wrong]:
    """What Discord has and the stand-in does not is refused rather than dropped without a word."""
    for key in ("poll", "sticker_ids", "shared_client_theme"):
        if draft.asked.get(key):
            yield (key,), "BASE_TYPE_CHOICES", f"The stand-in knows no '{key}'."


def _mentions(draft: Draft) -> Iterator[Wrong]:
    allowed = draft.asked.get("allowed_mentions") or {}
    for key in ("users", "roles"):
        if allowed.get(key) and key in (allowed.get("parse") or ()):
            code = "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"
            yield ("allowed_mentions",), code, f"parse:['{key}'] and {key} are mutually exclusive."


def _media(draft: Draft) -> Iterator[Wrong]:
    for index, embed in enumerate(draft.asked.get("embeds") or ()):
        for key in ("image", "thumbnail"):
            url = (embed.get(key) or {}).get("url") or "https://"
            if not (is_link(url) or url.removeprefix("attachment://") in draft.files):
                yield (
                    ("embeds", index, key, "url"),
                    "URL_TYPE_INVALID_URL",
                    "Not a well formed URL.",
                )
    for holder, key in components.media(draft.new_components):
        url = holder[key]["url"]
        name = url.removeprefix("attachment://")
        if name != url and name not in draft.files:
            code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
            yield ("components",), code, f"The referenced attachment '{name}' was not found."
        if name == url and (holder.get("type") == components.FILE or not is_link(url)):
            yield ("components",), "URL_TYPE_INVALID_SCHEME", f"'{url}' is no attachment or link."


MESSAGE_RULES: Sequence[Callable[[Draft], Iterator[Wrong]]] = (
    _content_length,
    _flags,
    _embeds,
    _layout,
    _left_out,
    _mentions,
    _media,
)


def check_message(
    asked: Body,
    uploads: Mapping[int, Upload],
    *,
    before: Message | None = None,
    private: bool = False,
    at: Path = (),
) -> None:
    """Refuse a message that Discord refuses.

    Args:
        asked: the request's part that describes the message.
        uploads: the files sent with it.
        before: the message that is edited.
        private: whether it may be ephemeral.
        at: where in the request `asked` is.

    Raises:
        RefusedError: with every fault found.
    """
    _check_files(asked, uploads, before)
    allowed = TO_EDIT if before else TO_CREATE | (MessageFlag.EPHEMERAL if private else 0)
    draft = Draft(asked, uploads, before, allowed)
    wrong = [fault for rule in MESSAGE_RULES for fault in rule(draft)]
    wrong += component_faults(draft.new_components)
    _raise(wrong, at)
    if not (draft.content or draft.embeds or draft.components or draft.files):
        raise refused("empty_message")


def _check_files(asked: Body, uploads: Mapping[int, Upload], before: Message | None) -> None:
    listed = asked.get("attachments")
    kept = {a.id for a in before.attachments} if before else set()
    if listed is None:
        if len(kept) + len(uploads) > MOST_FILES:
            _raise([(("attachments",), "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")])
        return
    ids = [int(entry["id"]) for entry in listed]
    wrong: list[Wrong] = [
        (("attachments", index, "id"), "ATTACHMENT_NOT_FOUND", "There is no such file.")
        for index, entry in enumerate(ids)
        if entry not in uploads and entry not in kept
    ]
    wrong += [
        (("attachments",), "ATTACHMENT_NOT_LISTED", f"files[{index}] is not in the list.")
        for index in uploads
        if index not in ids
    ]
    if len(set(ids)) < len(ids):
        wrong.append((("attachments",), "ATTACHMENT_DUPLICATED", "A file is listed twice."))
    _raise(wrong)


def _raise(wrong: Sequence[Wrong], at: Path = ()) -> None:
    tree: Body = {}
    for place, code, message in wrong:
        plant(tree, (*at, *place), code, message)
    if tree:
        raise RefusedError(*KNOWN["form"], tree)


# Rules about answers to interactions

LEGAL: Mapping[int, frozenset[Answer]] = {
    InteractionType.COMMAND: frozenset(
        {Answer.MESSAGE, Answer.DEFERRED_MESSAGE, Answer.MODAL},
    ),
    InteractionType.COMPONENT: frozenset(set(Answer) - {Answer.CHOICES}),
    InteractionType.AUTOCOMPLETE: frozenset({Answer.CHOICES}),
    InteractionType.MODAL: frozenset({Answer.MESSAGE, Answer.DEFERRED_MESSAGE}),
}
ON_A_MESSAGE = frozenset({Answer.UPDATE, Answer.DEFERRED_UPDATE})
OPTION_TYPES: Mapping[int, type | tuple[type, ...]] = {3: str, 4: int, 10: (int, float)}


def check_answer(world: World, call: Call, interaction: Interaction) -> None:
    """Refuse a first answer that does not fit its interaction.

    Raises:
        RefusedError: with every fault found.
    """
    kind = call.object_body()["type"]
    legal = LEGAL[interaction.type]
    if interaction.type == InteractionType.MODAL and interaction.message_id:
        legal |= ON_A_MESSAGE
    if kind not in legal:
        _raise([(("type",), "BASE_TYPE_CHOICES", f"Type {kind} cannot answer this interaction.")])
    if call.uploads and kind not in (Answer.MESSAGE, Answer.UPDATE):
        _raise([(("files",), "BASE_TYPE_CHOICES", "This answer takes no files.")])
    data = call.message_body()
    if kind == Answer.MESSAGE:
        check_message(data, call.uploads, private=True, at=("data",))
    elif kind == Answer.DEFERRED_MESSAGE:
        _check_deferred(data)
    elif kind == Answer.UPDATE:
        source = world.messages.get(interaction.message_id or 0)
        if source is None:
            raise refused("unknown_message")
        check_message(data, call.uploads, before=source, at=("data",))
    elif kind == Answer.CHOICES:
        _check_choices(data, interaction)
    elif kind == Answer.MODAL:
        _check_modal(data)


def _check_deferred(data: Body) -> None:
    wrong: list[Wrong] = [
        (("data", key), "BASE_TYPE_CHOICES", "A deferred answer carries nothing but flags.")
        for key in sorted(data.keys() - {"flags", "tts", "allowed_mentions"})
    ]
    if (data.get("flags") or 0) & ~int(MessageFlag.EPHEMERAL):
        message = "Only the EPHEMERAL flag can be set on a deferred answer."
        wrong.append((("data", "flags"), "BASE_TYPE_CHOICES", message))
    _raise(wrong)


def _check_choices(data: Body, interaction: Interaction) -> None:
    wanted = OPTION_TYPES[_focused(interaction.data["options"])["type"]]
    _raise(
        [
            (("data", "choices", index, "value"), "BASE_TYPE_BAD_TYPE", "Not the option's type.")
            for index, choice in enumerate(data.get("choices") or ())
            if not isinstance(choice["value"], wanted)
        ]
    )


def _focused(options: Sequence[Body]) -> Body:
    for option in options:
        if option.get("focused"):
            return option
        if inside := option.get("options"):
            return _focused(inside)
    raise LookupError("no option is focused")


def _check_modal(data: Body) -> None:
    parts = data["components"]
    wrong = component_faults(parts)
    if len(parts) > MOST_MODAL_PARTS:
        message = "Must be between 1 and 5 in length."
        wrong.append((("components",), "BASE_TYPE_BAD_LENGTH", message))
    _raise(wrong, ("data",))


# Rules about what else a request names


def check_reference(world: World, channel: Channel, body: Body) -> int | None:
    """Return the id of the message that a new one replies to.

    Raises:
        RefusedError: it is not there, or the bot may not read it.
    """
    reference = body.get("message_reference")
    if not reference:
        return None
    if not world.may(APPLICATION_ID, channel, Permission.READ_MESSAGE_HISTORY):
        raise refused("no_history")
    message = world.messages.get(int(reference["message_id"]))
    if message and message.channel_id == channel.id and not message.ephemeral_to:
        return message.id
    if reference.get("fail_if_not_exists") is False:
        return None
    raise form_error(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")


def checked_emoji(call: Call) -> str:
    """Return the emoji of a reaction route.

    Raises:
        RefusedError: there is no such emoji.
    """
    emoji = call.params["emoji_name"]
    if not is_unicode_emoji(emoji):
        raise refused("unknown_emoji")
    return emoji
