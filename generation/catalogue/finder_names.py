"""What finds things in pictures by words, as settings and recipes name it; without PyTorch."""

from pathlib import PurePath
from typing import Final

from generation.questions.question import EYES

_MARK: Final = f"{EYES}:"


def name_finder(setting: str, eye: str) -> str:
    """What recipes call what finds things here; empty for nothing.

    Args:
        setting: ``EASEL_FINDER``. Where it is empty, or ``eyes`` stands in it for what frames
            things, the eye does that.
        eye: Name of the eye that says where things are; empty for none.
    """
    first, comma, second = (part.strip() for part in setting.partition(","))
    if first not in {"", EYES}:
        return setting
    return f"{_MARK}{eye}{comma}{second}" if eye else ""


def find_eye(finder: str) -> str:
    """The eye that frames things for a finder; empty where it needs none."""
    return finder.partition(",")[0].removeprefix(_MARK) if finder.startswith(_MARK) else ""


def find_tracer(finder: str) -> str:
    """Where what traces framed things is loaded from; empty for nothing."""
    return finder.partition(",")[2].strip()


def title_finder(finder: str) -> str:
    """What people read of it: the last name of what looks first, never a path."""
    first = finder.removeprefix(_MARK).partition(",")[0]
    return PurePath(first.partition("@")[0].strip()).name
