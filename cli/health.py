"""``python -m cli.health bot|worker``: whether that side works, for a container's health check."""

import sys

from cli.workers import live_workers, troubled_workers
from storage.database.connect import DatabaseNotReadyError, require_current
from storage.settings import load_settings


def main(side: str) -> int:
    """An exit code: 0 if the side works.

    Args:
        side: ``worker``: this host's worker gives signs of life, and takes jobs. Anything else: the
            database answers and has this version's tables.
    """
    settings = load_settings()
    try:
        require_current(settings.database)
    except DatabaseNotReadyError:
        return 1
    if side != "worker":
        return 0
    working = live_workers(settings) - troubled_workers(settings).keys()
    return 0 if settings.executor in working else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
