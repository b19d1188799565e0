"""Start the stand-in alone: ``python -m playground --port 8080 --keep data/playground``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from pathlib import Path

import structlog

from playground.server import Server


def main() -> None:
    """Read the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m playground", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8080, help="TCP port, 0 for a free one")
    parser.add_argument("--keep", type=Path, help="folder that outlives the process")
    notice = os.environ.get("EASEL_PLAYGROUND_NOTICE", "")
    parser.add_argument("--notice", default=notice, help="text shown on the page")
    link = os.environ.get("EASEL_PLAYGROUND_LINK", "")
    beside = "label and address of another page, shown beside the channels"
    parser.add_argument("--link", default=link, help=beside)
    allowed = "another host name by which the page may be opened; may be repeated"
    parser.add_argument("--allow-host", action="append", default=[], help=allowed)
    given = parser.parse_args()
    server = Server(
        host=given.host,
        port=given.port,
        keep=given.keep,
        notice=given.notice,
        link=_read_link(given.link),
        hosts=given.allow_host,
    )
    asyncio.run(_serve(server))


def _read_link(text: str) -> tuple[str, str] | None:
    """Return the words before the last space of a link, and the address behind it."""
    label, _, address = text.rpartition(" ")
    return (label, address) if label else None


async def _serve(server: Server) -> None:
    log = structlog.get_logger("playground")
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await server.start()
    log.info("listening", url=server.url)
    await stop.wait()
    await server.close()
    log.info("stopped", validated=server.notes.validated, refused=server.notes.refused)


if __name__ == "__main__":
    main()
