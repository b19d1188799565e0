"""Where a thing is in a picture, as a model of language and sight says it: frames around it.

The form is ours, the numbers are the model's: whether it sees the thing comes first, so that what
is not there is not framed. Qwen's models were taught the name ``bbox_2d`` and its order.
"""

import re
from typing import Final

from generation.answering.form import QUOTE
from generation.answering.speaker import Speaker
from generation.questions.question import WORD_LIMIT, clean_words
from generation.recipe import Region

MOST: Final = 8
"""Frames at most."""

_NUMBERS: Final = 24
"""Tokens that four numbers take at most: these models write digit by digit."""

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_MORE, _END = "]},", "]}]"


def ask_where(words: str) -> str:
    """What a model is asked, to be answered by :func:`fill_frames`."""
    named = clean_words(words, WORD_LIMIT)
    return (
        f"Find in the picture: {named}. Say whether that can be seen, yes or no, and if so where"
        " each of them is, as bbox_2d: left, top, right, bottom."
    )


def fill_frames(speaker: Speaker, size: tuple[float, float]) -> list[Region]:
    """The frames that a model puts around what it was asked for; none where it does not see it.

    Args:
        speaker: It has read the question and the picture.
        size: Width and height of the picture in what the model counts places by.
    """
    speaker.feed('{"seen": "')
    seen, _ = speaker.choose(("yes", "no"), QUOTE)
    if seen == "no":
        return []
    frames, lead = [], '", "places": ['
    for _ in range(MOST):
        speaker.feed(f'{lead}{{"bbox_2d": [')
        if frame := read_box(speaker.write("]", _NUMBERS), size):
            frames.append(frame)
        following, _ = speaker.choose((_MORE, _END), "\n")
        if following == _END:
            break
        lead = " "
    return frames


def read_box(text: str, size: tuple[float, float]) -> Region | None:
    """A frame by its four numbers; None where they are no rectangle in the picture.

    Args:
        text: The numbers: left, top, right, bottom.
        size: Width and height of the picture in the same measure.
    """
    numbers = [float(number) for number in _NUMBER.findall(text)]
    if len(numbers) != 4:
        return None
    sides = (size[0], size[1], size[0], size[1])
    left, top, right, bottom = (
        min(1.0, number / side) for number, side in zip(numbers, sides, strict=True)
    )
    if not (left < right and top < bottom):
        return None
    return Region(left=left, top=top, right=right, bottom=bottom)
