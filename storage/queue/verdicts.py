"""What a classifier says of pictures, and whether they may be shown by it: values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

HELD: Final = "held"
"""Why a job's pictures are shown to nobody: a classifier finds them explicit. Till somebody looks.
"""

SUSPECTED: Final = "suspected"
"""Pictures that may show minors in a sexual way: whoever runs the bot alone decides about them."""

REFUSED: Final = "refused"
"""Pictures that a moderator decided against."""

WITHHELD: Final = frozenset({HELD, SUSPECTED, REFUSED})
"""Failures of jobs whose pictures are kept, and shown to nobody."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How explicit pictures are.

    Attributes:
        classifier: What judged them.
        scores: Of each picture, in order, from 0 to 1.
        limit: From which score on they are not for everybody.
    """

    classifier: str
    scores: tuple[float, ...]
    limit: float

    @property
    def worst(self) -> float:
        """The highest score; 0 where there are no pictures."""
        return max(self.scores, default=0.0)

    @property
    def over(self) -> bool:
        """Whether one of them is not for everybody."""
        return self.worst >= self.limit

    def to_json(self) -> dict[str, Any]:
        """The verdict as it is kept."""
        scores = [round(score, 4) for score in self.scores]
        return {"classifier": self.classifier, "scores": scores, "limit": self.limit}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The verdict that ``to_json`` wrote."""
        scores = tuple(float(score) for score in data["scores"])
        return cls(str(data["classifier"]), scores, float(data["limit"]))


def find_hold(verdict: Verdict | None, *, adult: bool, minors: bool) -> str | None:
    """Why pictures are shown to nobody for now; None where they may be shown.

    Args:
        verdict: A classifier's; None where none looked.
        adult: Whether they would be shown where adults alone are let in.
        minors: Whether the words that they were asked for with name minors.
    """
    if verdict is None or not verdict.over:
        return None
    # Wherever: no restriction of a channel makes that lawful.
    if minors:
        return SUSPECTED
    return None if adult else HELD
