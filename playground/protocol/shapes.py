"""How the world's things look as Discord's JSON objects. Pure: nothing here changes anything."""

from __future__ import annotations

import copy
import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from playground.state import components
from playground.state.cast import APPLICATION_ID, GUILD_ID, OBJECTS
from playground.state.records import (
    Attachment,
    Body,
    Channel,
    Interaction,
    InteractionType,
    Message,
    Person,
)
from playground.state.world import World

LINK_LIFE = 24 * 3600
"""Seconds for which a signed attachment link works at least."""
LINK_ROUNDING = 3600
"""Links made within the same hour are equal, so that an edit does not load pictures again."""


def timestamp(seconds: float) -> str:
    """Spell a Unix time as Discord does."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def user(person: Person) -> Body:
    """A user object."""
    return dict(person.user)


def myself(world: World) -> Body:
    """The bot's own user object, with what only itself may see."""
    return {**user(world.bot), **OBJECTS["me"]}


def account(person: Person) -> Body:
    """A person's own user object, as their token reads it with the scope ``identify``."""
    return {**user(person), **OBJECTS["me"], "locale": person.locale}


def application(world: World) -> Body:
    """The application as its owner's bot sees it."""
    owner = world.people["otto"]
    return {**OBJECTS["application"], "bot": user(world.bot), "owner": user(owner)}


def member(person: Person, *, with_user: bool = True) -> Body:
    """A server member object."""
    fixed = {**OBJECTS["member"], "roles": list(person.roles)}
    return {**fixed, "user": user(person)} if with_user else fixed


def guild() -> Body:
    """The server as REST gives it."""
    return {**OBJECTS["guild"], "roles": OBJECTS["roles"]}


def guild_create(world: World) -> Body:
    """The server as the gateway introduces it."""
    people = [world.bot, *world.people.values()]
    return {
        **guild(),
        **OBJECTS["guild_create"],
        "member_count": len(people),
        "members": [member(person) for person in people],
        "channels": [channel(world, c) for c in world.channels.values() if not c.direct],
    }


def channel(world: World, it: Channel) -> Body:
    """A channel object, of a server or of direct messages."""
    last = str(it.last_message) if it.last_message else None
    if it.person is None:
        return {**it.fixed, "last_message_id": last}
    person = world.user(it.person)
    recipients = [user(person)] if person else []
    return {
        "id": str(it.id),
        "type": 1,
        "last_message_id": last,
        "flags": 0,
        "recipients": recipients,
    }


def attachment(world: World, it: Attachment) -> Body:
    """An attachment with a signed link that works for a day."""
    url = attachment_url(world, it)
    optional = {
        "content_type": it.content_type,
        "width": it.width,
        "height": it.height,
        "description": it.description,
        "ephemeral": it.ephemeral or None,
    }
    return {
        "id": str(it.id),
        "filename": it.filename,
        "size": it.size,
        "url": url,
        "proxy_url": url,
        **{key: value for key, value in optional.items() if value is not None},
    }


def attachment_url(world: World, it: Attachment, age: int = 0) -> str:
    """Return a link to a file, signed and expiring (``ex``, ``is``, ``hm``).

    Args:
        world: where it is.
        it: the file.
        age: seconds since it was signed.
    """
    path = f"/attachments/{it.channel_id}/{it.id}/{quote(it.filename)}"
    issued = (int(world.clock.now()) - age) // LINK_ROUNDING * LINK_ROUNDING
    expires = issued + LINK_LIFE + LINK_ROUNDING
    signature = link_signature(world.secret, it.id, f"{expires:x}", f"{issued:x}")
    return f"{world.base}{path}?ex={expires:x}&is={issued:x}&hm={signature}"


def renewed_url(world: World, url: str) -> str | None:
    """Return a link to the same file that works from now on, or None if there is no such file."""
    path = urlsplit(url).path.split("/")
    file_id = path[3] if len(path) == 5 and path[1] == "attachments" else ""
    attachment = world.files.get(int(file_id)) if file_id.isdecimal() else None
    return attachment_url(world, attachment) if attachment else None


def link_signature(secret: str, file_id: int, expires: str, issued: str) -> str:
    """Return the signature that a link's ``hm`` must have."""
    text = f"{file_id}/{expires}/{issued}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def message(
    world: World, it: Message, *, viewer: int = APPLICATION_ID, nested: bool = True
) -> Body:
    """A message as `viewer` sees it.

    Args:
        world: where it is.
        it: the message.
        viewer: id of whoever looks; decides about ``me`` of reactions.
        nested: include the message that it replies to.
    """
    author = world.user(it.author_id) or world.bot
    shaped: Body = {
        "id": str(it.id),
        "channel_id": str(it.channel_id),
        "type": it.type,
        "author": user(author),
        "content": it.content,
        "timestamp": timestamp(it.created),
        "edited_timestamp": timestamp(it.edited) if it.edited else None,
        "attachments": [attachment(world, a) for a in it.attachments],
        "embeds": [_embed(world, it, embed) for embed in it.embeds],
        "mentions": [user(person) for person in mentioned(world, it)],
        "mention_roles": [],
        "mention_everyone": False,
        "pinned": False,
        "tts": it.tts,
        "flags": int(it.flags),
        "components": _resolved(world, it),
    }
    if it.reactions:
        shaped["reactions"] = [_reaction(emoji, us, viewer) for emoji, us in it.reactions.items()]
    if it.nonce is not None:
        shaped["nonce"] = it.nonce
    if it.reference:
        shaped |= _reference(world, it, nested=nested)
    if answered := world.interactions.get(it.interaction_id):
        shaped |= _answer_fields(world, answered)
    return shaped


def gateway_message(world: World, it: Message) -> Body:
    """A message as the gateway sends it: with its server and its author's membership."""
    shaped = message(world, it)
    if not world.channels[it.channel_id].direct:
        author = world.user(it.author_id) or world.bot
        shaped |= {"guild_id": str(GUILD_ID), "member": member(author, with_user=False)}
    return shaped


def mentioned(world: World, it: Message) -> list[Person]:
    """Return whom a message mentions by ``<@id>`` or, as a person's reply, pings."""
    ids = dict.fromkeys(int(found) for found in re.findall(r"<@!?(\d+)>", it.content))
    answered = world.messages.get(it.reference) if it.reference else None
    # People's clients ping whom they answer unless told otherwise; the bot's own replies do not.
    if answered and world.bot.id != it.author_id:
        ids[answered.author_id] = None
    return [person for i in ids if (person := world.user(i))]


def reads(world: World, it: Message) -> bool:
    """Return whether a bot without the message content intent gets a message's words.

    It does of its own, of direct messages and of those that mention it; but of replies to what it
    answered an interaction with, only where the words mention it.
    """
    if it.author_id == world.bot.id or world.channels[it.channel_id].direct:
        return True
    answered = world.messages.get(it.reference) if it.reference else None
    if answered and answered.interaction_id and f"<@{world.bot.id}>" not in it.content:
        return False
    return world.bot in mentioned(world, it)


def _embed(world: World, it: Message, embed: Body) -> Body:
    """An embed with defaults filled in and ``attachment://`` pictures resolved."""
    files = {a.filename: a for a in it.attachments}
    shaped: Body = {"type": "rich", **{k: v for k, v in embed.items() if v is not None}}
    if "fields" in shaped:
        shaped["fields"] = [{"inline": False, **field} for field in shaped["fields"]]
    for key in ("image", "thumbnail"):
        if key in shaped:
            media = _media(world, shaped[key]["url"], files, "0")
            wanted = ("url", "proxy_url", "width", "height", "content_type")
            shaped[key] = {k: media[k] for k in wanted if media.get(k) is not None}
    return shaped


def _reaction(emoji: str, users: list[int], viewer: int) -> Body:
    return {
        "emoji": reaction_emoji(emoji),
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "burst_colors": [],
        "me_burst": False,
        "me": viewer in users,
    }


def reaction_emoji(emoji: str) -> Body:
    """A partial emoji: a character, or ``name:id`` of a server's own."""
    name, _, emoji_id = emoji.partition(":")
    return {"id": emoji_id or None, "name": name}


def _reference(world: World, it: Message, *, nested: bool) -> Body:
    reference: Body = {
        "type": 0,
        "channel_id": str(it.channel_id),
        "message_id": str(it.reference),
    }
    if not world.channels[it.channel_id].direct:
        reference["guild_id"] = str(GUILD_ID)
    if not nested:
        return {"message_reference": reference}
    source = world.messages.get(it.reference or 0)
    # What one person alone sees is in nobody else's copy of the answer; its own page knows it.
    if source and source.ephemeral_to and it.ephemeral_to != source.ephemeral_to:
        return {"message_reference": reference}
    shaped = message(world, source, nested=False) if source else None
    if shaped:
        shaped.pop("reactions", None)
    return {"message_reference": reference, "referenced_message": shaped}


def _answer_fields(world: World, interaction: Interaction) -> Body:
    fields: Body = {
        "webhook_id": str(APPLICATION_ID),
        "application_id": str(APPLICATION_ID),
        "interaction_metadata": metadata(world, interaction),
    }
    if interaction.type == InteractionType.COMMAND:
        person = world.user(interaction.person_id) or world.bot
        fields["interaction"] = {
            "id": str(interaction.id),
            "type": interaction.type,
            "name": interaction.data["name"],
            "user": user(person),
        }
    return fields


def metadata(world: World, it: Interaction) -> Body:
    """What an answer says about the interaction behind it."""
    person = world.user(it.person_id) or world.bot
    shaped: Body = {
        "id": str(it.id),
        "type": it.type,
        "user": user(person),
        "authorizing_integration_owners": owners(world, it),
    }
    if it.original_id:
        shaped["original_response_message_id"] = str(it.original_id)
    parent = world.interactions.get(it.parent_id)
    if it.type == InteractionType.MODAL and parent:
        shaped["triggering_interaction_metadata"] = metadata(world, parent)
    elif it.type == InteractionType.COMPONENT:
        shaped["interacted_message_id"] = str(it.message_id)
    elif it.type == InteractionType.COMMAND and it.data.get("type") == 3 and it.target_id:
        shaped["target_message_id"] = str(it.target_id)
    return shaped


def owners(world: World, it: Interaction) -> Body:
    """By which installation of the application an interaction came."""
    direct = world.channels[it.channel_id].direct
    return {"0": "0" if direct else str(GUILD_ID)}


def _resolved(world: World, it: Message) -> list[Body]:
    """The components with ``attachment://`` links resolved to the files of the message."""
    files = {a.filename: a for a in it.attachments}
    resolved = copy.deepcopy(it.components)
    for number, (holder, key) in enumerate(list(components.media(resolved)), start=1):
        holder[key] = _media(world, holder[key]["url"], files, str(it.id + number))
        if holder.get("type") == components.FILE:
            file = files.get(_file_name(it, holder["id"]))
            holder.update({"name": file.filename, "size": file.size} if file else {})
    return resolved


def _file_name(it: Message, component_id: int) -> str:
    found = next(c for c in components.walk(it.components) if c["id"] == component_id)
    return str(found["file"]["url"]).removeprefix("attachment://")


def _media(world: World, url: str, files: dict[str, Attachment], media_id: str) -> Body:
    file = files.get(url.removeprefix("attachment://"))
    if file is None:
        return {"id": media_id, "url": url, "proxy_url": url}
    signed = attachment_url(world, file)
    return {
        "id": media_id,
        "url": signed,
        "proxy_url": signed,
        "width": file.width,
        "height": file.height,
        "content_type": file.content_type,
        "attachment_id": str(file.id),
    }


def gateway_url(world: World) -> str:
    """Return where the gateway's socket is."""
    return f"{world.base.replace('http', 'ws', 1)}/gateway/"


def command(it: Body, guild_id: int) -> Body:
    """A registered command as Discord gives it back."""
    shaped: Body = {
        "application_id": str(APPLICATION_ID),
        "version": it["id"],
        "default_member_permissions": None,
        "description": "",
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "nsfw": False,
        **{key: value for key, value in it.items() if value is not None},
    }
    if shaped["default_member_permissions"] is not None:
        shaped["default_member_permissions"] = str(shaped["default_member_permissions"])
    return {**shaped, "guild_id": str(guild_id)} if guild_id else shaped


def blanked(shaped: Body) -> Body:
    """A message as a bot without the message content intent gets it."""
    return {**shaped, "content": "", "embeds": [], "attachments": [], "components": []}
