"""How interactions look: the event that opens one, and the answer to a bot's first answer."""

from __future__ import annotations

from typing import Any

from playground.protocol import shapes
from playground.state.cast import APPLICATION_ID, GUILD_ID
from playground.state.records import Answer, Body, Interaction, Message, MessageFlag, Person
from playground.state.world import World


def interaction(world: World, it: Interaction) -> Body:
    """The payload of INTERACTION_CREATE."""
    where = world.channels[it.channel_id]
    person = world.user(it.person_id) or world.bot
    shaped: Body = {
        "id": str(it.id),
        "application_id": str(APPLICATION_ID),
        "type": it.type,
        "token": it.token,
        "version": 1,
        "data": _data(world, it),
        "channel_id": str(where.id),
        "channel": {
            **shapes.channel(world, where),
            "permissions": str(world.permissions(person.id, where)),
        },
        "locale": person.locale,
        "app_permissions": str(world.permissions(APPLICATION_ID, where)),
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": shapes.owners(world, it),
        "context": 1 if where.direct else 0,
        "attachment_size_limit": world.upload_limit,
    }
    if where.direct:
        shaped["user"] = shapes.user(person)
    else:
        allowed = str(world.permissions(person.id, where))
        shaped |= {
            "guild_id": str(GUILD_ID),
            "guild": {"id": str(GUILD_ID), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": {**shapes.member(person), "permissions": allowed},
        }
    source = world.messages.get(it.message_id or 0)
    if source:
        shaped["message"] = shapes.message(world, source)
    return shaped


def _data(world: World, it: Interaction) -> Body:
    resolved: dict[str, Any] = {}
    if it.attachments:
        resolved["attachments"] = {str(a.id): shapes.attachment(world, a) for a in it.attachments}
    if it.target_id and (target := world.messages.get(it.target_id)):
        resolved["messages"] = {str(target.id): shapes.message(world, target, nested=False)}
    for person in _people_named(world, it):
        resolved.setdefault("users", {})[str(person.id)] = shapes.user(person)
        membership = shapes.member(person, with_user=False)
        allowed = str(world.permissions(person.id, world.channels[it.channel_id]))
        membership["permissions"] = allowed
        resolved.setdefault("members", {})[str(person.id)] = membership
    return {**it.data, "resolved": resolved} if resolved else dict(it.data)


def _people_named(world: World, it: Interaction) -> list[Person]:
    """Everyone whom the options or the target of an interaction name by id."""
    named = [str(it.target_id), *map(str, it.data.get("values", ()))]
    options = list(it.data.get("options", ()))
    while options:
        option = options.pop()
        options += option.get("options", ())
        named += [str(option["value"])] if option["type"] in (6, 9) else []
    return [p for n in named if n.isdecimal() and (p := world.user(int(n)))]


def callback(world: World, it: Interaction, changed: Message | None) -> Body:
    """The body that a callback is answered with when the bot asked for one."""
    said: Body = {"id": str(it.id), "type": it.type}
    if it.original_id:
        original = world.messages.get(it.original_id)
        said |= {
            "response_message_id": str(it.original_id),
            "response_message_loading": bool(original and original.has(MessageFlag.LOADING)),
            "response_message_ephemeral": bool(original and original.has(MessageFlag.EPHEMERAL)),
        }
    if it.answer in (Answer.MESSAGE, Answer.UPDATE) and changed:
        resource = {"type": int(it.answer), "message": shapes.message(world, changed)}
        return {"interaction": said, "resource": resource}
    return {"interaction": said}
