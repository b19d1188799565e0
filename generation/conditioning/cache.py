"""Caches of conditioning: what encoders made of texts and images, least recently used out first."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable
from typing import Any, Final, Generic, TypeVar

from cachetools import LRUCache
from PIL import Image

from generation.recipe import Recipe

TEXTS_KEPT: Final = 24
"""Texts that one encoder's embeddings are kept of; one of the largest, FLUX.2's, takes 8 MB."""

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


class TextCache:
    """The embeddings of one engine's latest texts, by encoder and text.

    An engine owns it, so releasing the engine frees it; whatever changes an encoder clears it.
    """

    def __init__(self) -> None:
        self._encoders: dict[Hashable, LRUCache[Hashable, Any]] = {}

    def get(self, encoder: Hashable, key: Hashable, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """What an encoder made of a text, computed if it is not kept.

        Args:
            encoder: Whose embeddings these are.
            key: All that they depend on besides the encoder.
            make: Computes them.
        """
        # Each encoder has room of its own: a long text has many windows, and one encoder's must
        # not push out the other's of the same text.
        kept = self._encoders.setdefault(encoder, LRUCache(TEXTS_KEPT))
        if key not in kept:
            kept[key] = make()
        return kept[key]

    def clear(self) -> None:
        """Forget everything: the encoders' weights have changed, or the memory is needed."""
        self._encoders.clear()


class ImageCache(Generic[Key, Made]):
    """What was made of images, by their content: the latest, and all that the recipe at hand needs.

    Args:
        most: How many to keep, at least 1.
    """

    def __init__(self, most: int) -> None:
        self._latest: LRUCache[Key, Made] = LRUCache(most)
        self._used: dict[Key, Made] = {}

    def learn(self, wanted: Collection[Key], make: Callable[[Key], Made]) -> None:
        """Have ``wanted`` at hand, each made only if it is not kept.

        Args:
            wanted: Keys of all that the recipe at hand needs.
            make: From a key to what is kept.
        """
        # A recipe may name more images than are kept, and needs all of them at the same time.
        used = {}
        for key in wanted:
            used[key] = self._latest[key] if key in self._latest else make(key)
            self[key] = used[key]
        self._used = used

    def __setitem__(self, key: Key, made: Made) -> None:
        self._latest[key] = made
        # The newer one counts, for the recipe at hand as well.
        self._used.pop(key, None)

    def __getitem__(self, key: Key) -> Made:
        return self._used[key] if key in self._used else self._latest[key]

    def __len__(self) -> int:
        return len(self._latest)

    def clear(self) -> None:
        """Forget everything."""
        self._latest.clear()
        self._used.clear()


class ImageReader(ABC, Generic[Made]):
    """What looks at a recipe's images, and remembers what it saw.

    Attributes:
        memory: What was seen, by SHA-256 of the image.
    """

    __slots__ = ()

    memory: ImageCache[str, Made]

    def learn(self, recipe: Recipe, find: Callable[[str], Image.Image]) -> None:
        """Look at every image of a recipe that is not remembered.

        Args:
            recipe: What is to be drawn.
            find: The image with a SHA-256.
        """
        self.memory.learn(recipe.seen_images, lambda sha256: self.look(find(sha256)))

    @abstractmethod
    def look(self, image: Image.Image) -> Made:
        """What is remembered of an image."""
