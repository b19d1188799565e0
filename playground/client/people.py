"""What people do, and what their own client keeps them from doing.

Discord's client offers only what is possible: it checks options, disabled buttons and lengths
before anything is sent. So does this module, for the page and for tests alike; whatever gets past
it reaches the bot as an interaction, a message or a reaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playground.client.options import NotPossibleError, filled
from playground.state import components
from playground.state.records import (
    Answer,
    Attachment,
    Body,
    Channel,
    CommandType,
    Interaction,
    InteractionType,
    Message,
    MessageFlag,
    MessageType,
    Permission,
    Person,
    Upload,
)
from playground.state.world import World

LONGEST_MESSAGE = 2000
LONGEST_TEXT_INPUT = 4000


def command_named(world: World, name: str, kind: int = CommandType.SLASH) -> Body:
    """Return a registered command.

    Raises:
        NotPossibleError: there is none.
    """
    for command in world.commands.all():
        if command["name"] == name and command["type"] == kind:
            return command
    raise NotPossibleError(f"there is no command {name!r}")


def offered(world: World, person: Person, channel: Channel) -> list[Body]:
    """Return the commands that a person is offered in a channel."""
    return [c for c in world.commands.all() if _why_not(world, person, channel, c) is None]


def _why_not(world: World, person: Person, channel: Channel, command: Body) -> str | None:
    allowed = world.permissions(person.id, channel)
    needed = int(command.get("default_member_permissions") or 0)
    contexts = command.get("contexts")
    here = 1 if channel.direct else 0
    if not allowed & Permission.USE_APPLICATION_COMMANDS:
        return "You do not have permission to use commands here."
    if allowed & needed != needed and not channel.direct:
        return "You do not have permission to use this command."
    if (contexts is not None and here not in contexts) or (
        channel.direct and command.get("dm_permission") is False
    ):
        return "This command cannot be used here."
    if command.get("nsfw") and not channel.direct and not channel.fixed["nsfw"]:
        return "This command can only be used in age-restricted channels."
    return None


def use_command(
    world: World,
    person: Person,
    channel: Channel,
    name: str,
    options: Sequence[Body] = (),
    *,
    kind: int = CommandType.SLASH,
    target_id: int | None = None,
    focused: str | None = None,
) -> Interaction:
    """Use a command, or ask for completions.

    Args:
        world: where.
        person: who uses it.
        channel: in which channel.
        name: of the command; subcommands are nested in `options`.
        options: ``{name, type, value}`` each, nested as Discord nests them; attachment options
            carry the id of a stored file.
        kind: a `CommandType`.
        target_id: the message or person that a menu command is used on.
        focused: the option to complete; None uses the command.

    Raises:
        NotPossibleError: the client would not let the person do it.
    """
    command = command_named(world, name, kind)
    if reason := _why_not(world, person, channel, command):
        raise NotPossibleError(reason)
    files: list[Attachment] = []
    chosen = filled(world, command.get("options") or [], options, files, focused)
    data: Body = {"id": command["id"], "name": name, "type": kind}
    if kind == CommandType.SLASH:
        data["options"] = chosen
    else:
        data["target_id"] = str(target_id)
    if registered := world.commands.scope_of(command):
        data["guild_id"] = str(registered)
    return world.interact(
        InteractionType.AUTOCOMPLETE if focused else InteractionType.COMMAND,
        person.id,
        channel,
        data,
        attachments=files,
        target_id=target_id,
    )


def press(world: World, person: Person, message: Message, custom_id: str) -> Interaction:
    """Press a button.

    Raises:
        NotPossibleError: it is not there, not shown to the person, or disabled.
    """
    found = _usable(world, person, message, custom_id, (components.BUTTON,))
    data = {"custom_id": custom_id, "component_type": components.BUTTON, "id": found["id"]}
    return _on_message(world, person, message, data)


def select(
    world: World, person: Person, message: Message, custom_id: str, values: Sequence[str]
) -> Interaction:
    """Choose values in a select menu.

    Raises:
        NotPossibleError: it is not there or disabled, does not offer these values, or shows them as
            chosen already, which Discord's client sends once until the message is edited.
    """
    found = _usable(world, person, message, custom_id, components.SELECTS)
    if not found["min_values"] <= len(values) <= found["max_values"]:
        raise NotPossibleError(f"choose {found['min_values']} to {found['max_values']}")
    offered_values = {option["value"] for option in found.get("options", ())}
    if found["type"] == components.STRING_SELECT and not offered_values.issuperset(values):
        raise NotPossibleError("the menu does not offer this")
    if _find_chosen(world, person, message, custom_id) == list(values):
        raise NotPossibleError("this is chosen already, and the message was not edited since")
    data = {"custom_id": custom_id, "component_type": found["type"], "id": found["id"]}
    return _on_message(world, person, message, {**data, "values": list(values)})


def _find_chosen(
    world: World, person: Person, message: Message, custom_id: str
) -> list[str] | None:
    """What the person's client shows as chosen in a menu; None since the message was edited."""
    for one in reversed(world.interactions.all()):
        if one.created <= (message.edited or 0):
            return None
        if (one.person_id, one.message_id, one.data.get("custom_id")) == (
            person.id,
            message.id,
            custom_id,
        ):
            return list(one.data.get("values") or ())
    return None


def _usable(
    world: World, person: Person, message: Message, custom_id: str, kinds: Sequence[int]
) -> Body:
    if message.deleted or not world.sees(person.id, message):
        raise NotPossibleError("the message is not there")
    found = components.find(message.components, custom_id)
    if found is None or found["type"] not in kinds:
        raise NotPossibleError(f"the message has no such component: {custom_id}")
    if found.get("disabled"):
        raise NotPossibleError("it is disabled")
    return found


def _on_message(world: World, person: Person, message: Message, data: Body) -> Interaction:
    channel = world.channels[message.channel_id]
    kind = InteractionType.COMPONENT
    return world.interact(kind, person.id, channel, data, message_id=message.id)


def submit(
    world: World, person: Person, parent: Interaction, values: Mapping[str, Any]
) -> Interaction:
    """Submit the modal that an interaction was answered with.

    Args:
        world: where.
        person: who submits it.
        parent: the interaction that was answered with the modal.
        values: per custom id a text, a list of values or file ids, or a bool for a checkbox.

    Raises:
        NotPossibleError: there is no modal, or the values do not fit it.
    """
    if parent.modal is None or parent.person_id != person.id:
        raise NotPossibleError("there is no modal to submit")
    known = {
        c["custom_id"] for c in components.walk(parent.modal["components"]) if "custom_id" in c
    }
    if unknown := values.keys() - known:
        raise NotPossibleError(f"the modal has no field {min(unknown)!r}")
    files: list[Attachment] = []
    filled = [_submitted(world, c, values, files) for c in parent.modal["components"]]
    data = {"custom_id": parent.modal["custom_id"], "components": filled}
    channel = world.channels[parent.channel_id]
    return world.interact(
        InteractionType.MODAL,
        person.id,
        channel,
        data,
        attachments=files,
        message_id=parent.message_id,
        parent_id=parent.id,
    )


def _submitted(
    world: World, component: Body, values: Mapping[str, Any], files: list[Attachment]
) -> Body:
    shaped: Body = {"type": component["type"], "id": component["id"]}
    if component["type"] == components.LABEL:
        return {**shaped, "component": _submitted(world, component["component"], values, files)}
    if component["type"] == components.ROW:
        inside = [_submitted(world, c, values, files) for c in component["components"]]
        return {**shaped, "components": inside}
    if "custom_id" not in component:
        return shaped
    shaped["custom_id"] = component["custom_id"]
    return {**shaped, **_field(world, component, values.get(component["custom_id"]), files)}


def _field(world: World, component: Body, value: Any, files: list[Attachment]) -> Body:  # noqa: ANN401  JSON
    kind, required = component["type"], component.get("required", True)
    if kind == components.CHECKBOX:
        return {"value": bool(component.get("default") if value is None else value)}
    if kind == components.TEXT_INPUT:
        text = str(component.get("value", "") if value is None else value)
        most = component.get("max_length") or LONGEST_TEXT_INPUT
        if len(text) > most or len(text) < (component.get("min_length") or int(required)):
            raise NotPossibleError(f"{component['custom_id']}: this field's length does not fit")
        return {"value": text}
    if kind == components.RADIO_GROUP:
        _check_offered(component, [] if value is None else [value], required=required)
        return {"value": value}
    chosen = [str(entry) for entry in value or ()]
    _check_offered(component, chosen, required=required)
    if kind == components.FILE_UPLOAD:
        files += [file for entry in chosen if (file := world.files.get(int(entry)))]
    return {"values": chosen}


def _check_offered(component: Body, chosen: Sequence[str], *, required: bool) -> None:
    if required and not chosen:
        raise NotPossibleError(f"{component['custom_id']}: this field is required")
    most = component.get("max_values") or max(1, len(component.get("options", ())))
    offered_values = [option["value"] for option in component.get("options", ())]
    if len(chosen) > most or (offered_values and not set(chosen) <= set(offered_values)):
        raise NotPossibleError(f"{component['custom_id']}: this is not offered")


def say(
    world: World,
    person: Person,
    channel: Channel,
    content: str,
    *,
    uploads: Sequence[Upload] = (),
    reference: int | None = None,
) -> Message:
    """Write a message.

    Raises:
        NotPossibleError: the person may not write or attach here, or it is too long or empty.
    """
    if not world.may(person.id, channel, Permission.SEND_MESSAGES):
        raise NotPossibleError("You do not have permission to send messages in this channel.")
    if uploads and not world.may(person.id, channel, Permission.ATTACH_FILES):
        raise NotPossibleError("You do not have permission to attach files in this channel.")
    if len(content) > LONGEST_MESSAGE or not (content.strip() or uploads):
        raise NotPossibleError(f"a message has 1 to {LONGEST_MESSAGE} characters, or a file")
    kind = MessageType.REPLY if reference else MessageType.PLAIN
    files = dict(enumerate(uploads))
    return world.post(
        person.id, channel, {"content": content}, files, kind=kind, reference=reference
    )


def react(world: World, person: Person, message: Message, emoji: str) -> None:
    """Add a reaction.

    Raises:
        NotPossibleError: the person may not, or does not see the message.
    """
    channel = world.channels[message.channel_id]
    if message.deleted or message.ephemeral_to or not world.sees(person.id, message):
        raise NotPossibleError("one cannot react to this message")
    if emoji not in message.reactions and not world.may(
        person.id, channel, Permission.ADD_REACTIONS
    ):
        raise NotPossibleError("You do not have permission to add reactions here.")
    world.react(person.id, message, emoji)


def delete(world: World, person: Person, message: Message) -> None:
    """Delete a message: one's own, or anybody's with Manage Messages.

    Raises:
        NotPossibleError: the person may not.
    """
    channel = world.channels[message.channel_id]
    own = message.author_id == person.id
    if not own and not (
        world.may(person.id, channel, Permission.MANAGE_MESSAGES) and not channel.direct
    ):
        raise NotPossibleError("You do not have permission to delete this message.")
    world.delete(message)


def dismiss(world: World, person: Person, message: Message) -> None:
    """Put an ephemeral message away; only its person can.

    Raises:
        NotPossibleError: it is not an ephemeral message of the person.
    """
    if message.ephemeral_to != person.id or not message.has(MessageFlag.EPHEMERAL):
        raise NotPossibleError("only a message that only you can see can be dismissed")
    world.delete(message)


def choices_of(interaction: Interaction) -> list[Body] | None:
    """Return the completions that an autocomplete was answered with."""
    return interaction.choices if interaction.answer == Answer.CHOICES else None
