"""What the host and a server's managers allow, asked at every way in before anything is queued."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from bot.access.places import AllowedPlaces
from bot.errors import NotAllowedError
from bot.interactions.requester import Requester
from bot.text import sentences
from generation.catalogue.card import Card
from generation.catalogue.families import compute_shown_size
from generation.recipe import Recipe
from prompt.sentences import Sentence
from storage.database.records import Records
from storage.decisions import choice_queries, kept
from storage.decisions.choices import PersonChoices, ServerChoices
from storage.queue import limits
from storage.queue.client import Jobs
from storage.queue.costs import count_drawings
from storage.queue.limits import Allowance, Asked, HostLimits

Choose = Callable[[ServerChoices], Sequence[Card]]
"""By what a server decided, the card of what would draw each of some jobs."""


AskedKind = Literal["jobs", "sheet", "question"]
"""What somebody asks for."""


async def read_preferences(records: Records, person_id: int) -> PersonChoices:
    """What a person decided for themselves."""
    return await records.read(choice_queries.read_person, person_id)


async def read_choices(
    records: Records, requester: Requester
) -> tuple[PersonChoices, ServerChoices]:
    """What somebody decided for themselves, and what the server decided on which they ask."""
    place = requester.user.id, requester.guild_id
    return await records.read(kept.read_choices, *place)


async def admit(
    places: AllowedPlaces,
    jobs: Jobs,
    interaction: Requester,
    served: Sequence[Card],
    choose: Choose,
    *,
    kind: AskedKind = "jobs",
    choices: ServerChoices | None = None,
    counts: bool = True,
) -> ServerChoices:
    """Lets new jobs in, or says why not.

    Args:
        places: Where the host lets anybody ask.
        jobs: Where choices and jobs are kept.
        interaction: Who asks, and where.
        served: The cards of what draws here, the usual one's first.
        choose: For each job the card of what would draw it, by what the server decided.
        kind: Whether each is a job of its own, all of them are one sheet, or they are questions,
            which draw nothing.
        choices: What the server decided, where that was read a moment ago.
        counts: Whether it is looked at already now how much the person may ask for.

    Returns:
        What the server decided; the defaults in direct messages.

    Raises:
        NotAllowedError: The host's settings or the server's are against it.
        LimitReachedError: So many do not fit into what the person may ask for.
    """
    await places.require(interaction)
    if interaction.guild_id is None:
        choices = ServerChoices()
    elif choices is None:
        choices = await jobs.records.read(choice_queries.read_server, interaction.guild_id)
    drawn = choose(choices)
    refusal = _refuse_place(choices, interaction) or _refuse_role(choices, interaction)
    barred = next((each for each in drawn if not allows(choices, each, served)), None)
    if refusal is None and barred is not None:
        names = ", ".join(f"`{name}`" for name in choices.families)
        refusal = Sentence(
            sentences.SERVER_FAMILY, family=name_for_list(barred, served), allowed=names
        )
    if refusal is not None:
        raise NotAllowedError(refusal)
    if counts:
        allowed = allow(jobs.host_limits, choices, interaction)
        await jobs.require_room(interaction.user.id, _describe_asked(kind, len(drawn)), allowed)
    return choices


def _describe_asked(kind: AskedKind, count: int) -> Asked:
    match kind:
        case "jobs":
            # A picture each, at least, and as relaxed as may be: the rest is not known yet.
            return Asked(count, count, count)
        case "sheet":
            return Asked(1, count_drawings(count, "fast"), count)
        case "question":
            return Asked(0, 0, 0)


def allows(choices: ServerChoices, card: Card, served: Sequence[Card]) -> bool:
    """Whether a model may draw on the server.

    Args:
        choices: What the server decided.
        card: The model's card.
        served: The cards of what draws here, the usual one's first.
    """
    return not choices.families or name_for_list(card, served) in choices.families


def name_for_list(card: Card, served: Sequence[Card]) -> str:
    """What a server's list of models calls one: the usual by its family unless another does."""
    # Lists were kept by family before several models were served; those still mean the usual model.
    alone = card == served[0] and all(other.called != card.id for other in served[1:])
    return card.id if alone else card.called


def check_size(choices: ServerChoices, recipes: Iterable[Recipe]) -> None:
    """Lets pictures of these sizes be made; what is sent counts.

    Raises:
        NotAllowedError: One is larger than the server allows.
    """
    for recipe in recipes:
        side = max(compute_shown_size(recipe))
        if choices.largest and side > choices.largest:
            raise NotAllowedError(Sentence(sentences.SERVER_SIZE, side=side, limit=choices.largest))


def _refuse_place(choices: ServerChoices, interaction: Requester) -> Sentence | None:
    """A thread counts as its channel."""
    # Managers list channels; threads come and go.
    here = {interaction.channel_id, getattr(interaction.channel, "parent_id", None)}
    if not choices.channels or here & set(choices.channels):
        return None
    return refuse_elsewhere(choices)


def refuse_elsewhere(choices: ServerChoices) -> Sentence:
    """What is said in a channel that is none of those in which pictures may be asked for."""
    return Sentence(
        sentences.SERVER_CHANNEL,
        channels=" ".join(f"<#{channel}>" for channel in choices.channels[:10]),
    )


def _refuse_role(choices: ServerChoices, interaction: Requester) -> Sentence | None:
    # Managers are let in whatever the list says, or they could lock themselves out.
    if not choices.roles or manages(interaction) or has_role(interaction, choices.roles):
        return None
    return refuse_others(choices)


def refuse_others(choices: ServerChoices) -> Sentence:
    """What is said to those who have none of the roles that may ask for pictures."""
    return Sentence(
        sentences.SERVER_ROLE, roles=" ".join(f"<@&{role}>" for role in choices.roles[:10])
    )


def allow(host: HostLimits, choices: ServerChoices, requester: Requester) -> Allowance:
    """How much somebody may ask for where they are.

    Args:
        host: What whoever runs the bot allows.
        choices: What the server decided.
        requester: Who asks, and where.
    """
    return limits.allow(host, choices, _list_roles(requester), requester.guild_id)


def has_role(interaction: Requester, roles: tuple[int, ...]) -> bool:
    """Whether the person has one of these roles."""
    return bool(_list_roles(interaction) & set(roles))


def _list_roles(interaction: Requester) -> set[int]:
    return {role.id for role in getattr(interaction.user, "roles", ())}


def manages(interaction: Requester) -> bool:
    """Whether the person manages the server that this happens on."""
    return interaction.guild_id is not None and interaction.permissions.manage_guild
