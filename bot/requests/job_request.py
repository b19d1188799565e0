"""One job to be accepted, and the id that it gets."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bot.interactions.requester import RemoteRequester, Requester
from bot.text.messages import Title
from generation.recipe import Recipe
from storage.queue.jobs import Speed


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """One job to be accepted.

    Attributes:
        recipe: What to make.
        title: How it came about.
        parent_id: The job that it was derived from.
        speed: Its place in the queue.
        origins: Where each flag came from, and words that were added.
    """

    recipe: Recipe
    title: Title
    parent_id: str | None = None
    speed: Speed = "fast"
    origins: Mapping[str, str] | None = None

    @classmethod
    def from_json(cls, body: Mapping[str, Any], speed: Speed) -> Self:
        """The request that ``to_json`` wrote, at another speed perhaps."""
        recipe, title = Recipe.from_json(body["recipe"]), Title.read(body["title"])
        return cls(
            recipe=recipe,
            title=title,
            parent_id=body["parent_id"],
            speed=speed,
            origins=body["origins"],
        )

    def to_json(self) -> dict[str, Any]:
        """The request as JSON, to be kept for a while."""
        return {
            "recipe": self.recipe.to_json(),
            "title": str(self.title),
            "parent_id": self.parent_id,
            "origins": self.origins and dict(self.origins),
        }


def derive_id(requester: Requester, place: int = 0) -> str:
    """The id of the job at a place among those that somebody asks for, counted from 0.

    Every bot that hears of one event gives it the same id, and a job is accepted once. An
    interaction needs none of that: the bot whose answer Discord takes is the only one to go on.
    """
    if isinstance(requester, RemoteRequester) and requester.event:
        return name_job(requester.event, place)
    return uuid.uuid4().hex


def name_job(event: str, place: int = 0) -> str:
    """The id of the job at a place among those that an event asks for."""
    return hashlib.sha256(f"{event}:{place}".encode()).hexdigest()[:32]
