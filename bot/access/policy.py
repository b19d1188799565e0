"""What a server's managers allow, asked at every way in before anything is queued."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.errors import NotAllowedError
from bot.interactions.requester import Asking
from bot.text import sentences
from bot.text.languages import say
from generation.catalogue.card import Card
from generation.catalogue.families import shown_size
from generation.recipe import Recipe
from storage.decisions import choice_queries
from storage.decisions.choices import Limits, PersonChoices, ServerChoices
from storage.decisions.records import Records
from storage.queue.jobs import DAY


async def preferences(records: Records, person_id: int) -> PersonChoices:
    """What a person decided for themselves."""
    return await records.read(choice_queries.person, person_id)


async def admit(
    records: Records, interaction: Asking, served: Sequence[Card], drawn: Sequence[Card]
) -> ServerChoices:
    """Lets new jobs in, or says why not.

    Args:
        records: Where choices are kept.
        interaction: Who asks, and where.
        served: The cards of what draws here, the usual one's first.
        drawn: For each job, the card of what would draw it.

    Returns:
        What the server decided; the defaults in direct messages.

    Raises:
        NotAllowedError: The server's settings are against it.
    """
    if interaction.guild_id is None:
        return ServerChoices()
    choices = await records.read(choice_queries.server, interaction.guild_id)
    count = len(drawn)
    refusal = _place(choices, interaction) or _role(choices, interaction)
    barred = next((each for each in drawn if not allows(choices, each, served)), None)
    if refusal is None and barred is not None:
        allowed = ", ".join(f"`{name}`" for name in choices.families)
        refusal = say(sentences.SERVER_FAMILY, family=listed(barred, served), allowed=allowed)
    if refusal is None and count > choices.repeat:
        refusal = say(sentences.SERVER_REPEAT, count=count, limit=choices.repeat)
    if refusal is None:
        refusal = await _quota(records, choices, interaction, count)
    if refusal is not None:
        raise NotAllowedError(refusal)
    return choices


def allows(choices: ServerChoices, card: Card, served: Sequence[Card]) -> bool:
    """Whether a model may draw on the server.

    Args:
        choices: What the server decided.
        card: The model's card.
        served: The cards of what draws here, the usual one's first.
    """
    return not choices.families or listed(card, served) in choices.families


def listed(card: Card, served: Sequence[Card]) -> str:
    """What a server's list of models calls one: the usual by its family unless another does."""
    alone = card == served[0] and all(other.called != card.id for other in served[1:])
    return card.id if alone else card.called


def measure(choices: ServerChoices, recipes: Iterable[Recipe]) -> None:
    """Lets pictures of these sizes be made; what is sent counts.

    Raises:
        NotAllowedError: One is larger than the server allows.
    """
    for recipe in recipes:
        side = max(shown_size(recipe))
        if choices.largest and side > choices.largest:
            raise NotAllowedError(say(sentences.SERVER_SIZE, side=side, limit=choices.largest))


def _place(choices: ServerChoices, interaction: Asking) -> str | None:
    """A thread counts as its channel."""
    here = {interaction.channel_id, getattr(interaction.channel, "parent_id", None)}
    if not choices.channels or here & set(choices.channels):
        return None
    return say(
        sentences.SERVER_CHANNEL,
        channels=" ".join(f"<#{channel}>" for channel in choices.channels[:10]),
    )


def _role(choices: ServerChoices, interaction: Asking) -> str | None:
    if not choices.roles or manages(interaction) or has_role(interaction, choices.roles):
        return None
    return say(sentences.SERVER_ROLE, roles=" ".join(f"<@&{role}>" for role in choices.roles[:10]))


async def _quota(
    records: Records, choices: ServerChoices, interaction: Asking, count: int
) -> str | None:
    person, limits = interaction.user.id, allowance(choices, interaction)
    if limits.daily:
        since = datetime.now(UTC) - DAY
        asked = await records.read(choice_queries.asked_since, person, since, interaction.guild_id)
        if asked + count > limits.daily:
            return say(sentences.SERVER_DAILY, limit=limits.daily, asked=asked)
    waiting = len(await records.read(choice_queries.unfinished_of, person))
    if waiting + count > limits.unfinished:
        return say(sentences.TOO_MANY, limit=limits.unfinished)
    return None


def allowance(choices: ServerChoices, asking: Asking) -> Limits:
    """How much somebody may ask for on the server."""
    return choices.limits_for(_roles(asking))


def has_role(interaction: Asking, roles: tuple[int, ...]) -> bool:
    """Whether the person has one of these roles."""
    return bool(_roles(interaction) & set(roles))


def _roles(interaction: Asking) -> set[int]:
    return {role.id for role in getattr(interaction.user, "roles", ())}


def manages(interaction: Asking) -> bool:
    """Whether the person manages the server that this happens on."""
    return interaction.guild_id is not None and interaction.permissions.manage_guild
