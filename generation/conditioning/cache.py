"""What encoders said lately of the same texts, so that they need not be asked again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final
from weakref import WeakKeyDictionary


class Recall:
    """The latest answers of each owner, by what was asked; the one out of use longest goes first.

    Args:
        most: How many answers of one owner are kept, at least 1.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: WeakKeyDictionary[Any, OrderedDict[Hashable, Any]] = WeakKeyDictionary()

    def get(self, owner: object, key: Hashable, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """The answer to ``key``, made if it is not kept. An owner that is gone takes its own along.

        Args:
            owner: Who answers.
            key: All that the answer depends on, besides the owner.
            make: Makes the answer.
        """
        kept = self._kept.setdefault(owner, OrderedDict())
        if key not in kept:
            kept[key] = make()
        kept.move_to_end(key)
        while len(kept) > self._most:
            kept.popitem(last=False)
        return kept[key]

    def forget(self) -> None:
        """Keep nothing any more: the owners have changed, or their memory is needed."""
        self._kept.clear()


TEXTS: Final = Recall(24)
"""Of text encoders, or pipelines; a text of the largest, FLUX.2's, takes 8 megabytes."""
