"""What people and servers decide: values only, kept as JSON with a version."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from faults import UserError
from storage.quotas import Quotas, format_quotas, parse_quotas

MOST_PRESETS: Final = 50
"""Presets that one server or one person may keep."""

MOST_OPTIONS: Final = 20
"""Flags of their own that one person may keep (as many as Midjourney's ``/prefer option``)."""

OwnerKind = Literal["server", "person"]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose presets: a server's or a person's, by Discord's id."""

    kind: OwnerKind
    id: int


class Choices(BaseModel):
    """Settings that grow by fields with defaults; what an older version wrote stays readable."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = 1

    @classmethod
    def read(cls, data: dict[str, Any] | None) -> Self:
        """What was stored; the defaults where nothing, or nothing readable, was."""
        try:
            return cls.model_validate(data or {})
        # One value that cannot be read must not keep somebody from drawing at all.
        except ValidationError:
            return cls()

    def write(self) -> dict[str, Any]:
        """For storing: what differs from the defaults, and the version.

        Raises:
            UnknownChoiceError: A value is none that it can have, and would be read as nothing.
        """
        # A copy with other values is not checked as it is made.
        try:
            type(self).model_validate(self.model_dump(warnings=False))
        except ValidationError as error:
            raise UnknownChoiceError(str(error.errors()[0]["loc"])) from None
        # A default that changes later then changes for all who never chose.
        return {"version": self.version, **self.model_dump(mode="json", exclude_defaults=True)}


class PersonChoices(Choices):
    """What a person decided for themselves.

    Attributes:
        flags: Flags that are added to every prompt that does not have them, as typed.
        suffix: Words that are added to every prompt.
        options: Named bundles of flags, as ``/prefer option`` keeps them.
        preset: Name of the preset that is used where none is named.
        remix: Whether V and 🔄 ask for a changed prompt first.
        variability: How far V leaves its picture.
        private: Whether pictures asked for on servers come as direct messages.
        knows_versions: Whether they were told that versions of Midjourney stand for other models.
    """

    flags: str = ""
    suffix: str = ""
    options: dict[str, str] = {}
    preset: str = ""
    remix: bool = False
    variability: Literal["strong", "subtle"] = "strong"
    private: bool = False
    knows_versions: bool = False


def _check_quotas(text: str) -> str:
    parse_quotas(text)
    return text


QuotaText = Annotated[str, AfterValidator(_check_quotas)]
"""Quotas as people write them."""


class Limits(BaseModel):
    """How much one person may ask for.

    Attributes:
        unfinished: Most unfinished jobs.
        daily: Most jobs in 24 hours; 0 for any number.
        share: How large their share of the GPU time is beside others'; 1 is usual.
        quotas: How much in a day, a week or a month, as people write it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    unfinished: int = 10
    daily: int = 0
    share: int = 1
    quotas: QuotaText = ""


class ServerChoices(Choices):
    """What a server's managers decided.

    Attributes:
        preset: Name of the preset that is used where nobody names one.
        channels: Channels in which pictures may be asked for; empty for all.
        roles: Roles that may ask for pictures; empty for everyone.
        editors: Roles that may change presets, beside those who manage the server.
        families: Families that may draw; empty for all.
        results: Channel in which all pictures appear; 0 for where they are asked for.
        language: Language of what everybody reads; empty for that of whoever asked.
        repeat: Most jobs that one request may make.
        largest: Longest side in pixels of a picture as it is sent; 0 for any.
        keep: Days after which requests are deleted, but for favourites; 0 for as long as the host
            keeps them.
        unfinished: Most unfinished jobs that one person may have.
        daily: Most jobs that one person may ask for in 24 hours; 0 for any number.
        quotas: How much one person may have in a day, a week or a month, as people write it.
        limits: What counts instead of the last three for people of a role, by the role's id.
        refused: Words and phrases that are not drawn.
        restricted: Those that are drawn in channels for adults alone.
        gallery: Whether members see each other's pictures in the gallery.
    """

    preset: str = ""
    channels: tuple[int, ...] = ()
    roles: tuple[int, ...] = ()
    editors: tuple[int, ...] = ()
    families: tuple[str, ...] = ()
    results: int = 0
    language: str = ""
    repeat: int = 10
    largest: int = 0
    keep: int = 0
    unfinished: int = 10
    daily: int = 0
    quotas: QuotaText = ""
    limits: dict[int, Limits] = {}
    refused: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()
    gallery: bool = False

    def limits_for(self, roles: Collection[int]) -> Limits:
        """What somebody with these roles may ask for: the most that any of the roles allows."""
        own = [limits for role, limits in self.limits.items() if role in roles]
        if not own:
            return Limits(unfinished=self.unfinished, daily=self.daily, quotas=self.quotas)
        days = [limits.daily for limits in own]
        return Limits(
            unfinished=max(limits.unfinished for limits in own),
            # 0 is any number, so it is the most.
            daily=max(days) if all(days) else 0,
            share=max(limits.share for limits in own),
            quotas=format_quotas(_join_quotas([parse_quotas(limits.quotas) for limits in own])),
        )


def _join_quotas(each: Sequence[Quotas]) -> Quotas:
    """The most that any of several allows: what one of them does not limit is not limited."""
    first, *others = each
    return {
        kind: max(quotas[kind] for quotas in each)
        for kind in first
        if all(kind in quotas for quotas in others)
    }


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a server's settings or presets.

    Attributes:
        person_id: Who.
        what: Which setting or preset.
        before: What it was, a setting as all of the server's choices in JSON; None if there was
            nothing.
        after: What it became, likewise; None if it was taken away.
    """

    person_id: int
    what: str
    before: str | None
    after: str | None


class UnknownChoiceError(UserError, ValueError):
    """A value that no menu offers; the text is where it was to be stored."""


class TooManyPresetsError(UserError, RuntimeError):
    """An owner has as many presets as there may be."""
