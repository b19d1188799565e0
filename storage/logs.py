"""How this process logs: one line an event, on standard error, for people or for machines."""

import logging
import sys
from typing import Final

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.types import Processor

from storage.settings import Settings

# Libraries that at level info write a line for every request, step or migration.
_TALKATIVE: Final = ("aiohttp.access", "alembic", "asyncio", "dbos", "httpx", "urllib3")


def set_up_logs(settings: Settings) -> None:
    """Sends the logs of our modules and of every library through one format.

    Tracebacks are printed without local variables, which may hold tokens and prompts.

    Args:
        settings: For ``log_level`` and ``log_json``.
    """
    level = getattr(logging, settings.log_level.upper())
    clock = structlog.processors.TimeStamper(
        fmt="iso" if settings.log_json else "%H:%M:%S", utc=settings.log_json
    )
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        clock,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[ProcessorFormatter.remove_processors_meta, *_renderers(settings)],
        )
    )
    # By force: a library may have set up the root logger as it was imported.
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    # The job engine would print by itself if its logger had no handler.
    engine = logging.getLogger("dbos")
    engine.handlers = [logging.NullHandler()]
    engine.propagate = True
    structlog.configure(
        processors=[*common, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


def _renderers(settings: Settings) -> list[Processor]:
    if settings.log_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [
        # Its own formatter shows local variables wherever rich is installed.
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]
