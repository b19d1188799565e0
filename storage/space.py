"""How much room there is left where things are kept."""

import shutil
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url

from faults import UserError
from storage.settings import Settings


class NoSpaceError(UserError):
    """What would be made could not be kept: nothing new is accepted until there is room."""


def measure_space(settings: Settings) -> int | None:
    """Bytes free where pictures or the database are kept; None if neither is on this machine.

    Of several disks, what the fullest has.
    """
    folders = [settings.image_store] if "://" not in settings.image_store else []
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        folders.append(url.database)
    return min(map(_measure, folders), default=None)


def has_space(settings: Settings) -> bool:
    """Whether there is as much room left as the settings ask for."""
    free = measure_space(settings)
    return free is None or free >= settings.least_free_mb * 10**6


def require_space(settings: Settings) -> None:
    """Goes on if there is.

    Raises:
        NoSpaceError: There is not.
    """
    if not has_space(settings):
        raise NoSpaceError


def _measure(path: str) -> int:
    """Bytes free at a path, or at the nearest folder above it that exists."""
    # Looked at for every job, so no more is asked of the system than that.
    with suppress(FileNotFoundError):
        return shutil.disk_usage(path).free
    return _measure(str(Path(path).resolve().parent))
