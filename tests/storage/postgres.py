"""A PostgreSQL server of our own for as long as the tests run."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port

_ROOM = 4 * 2**30
"""Bytes free from which a server lies in memory."""


class NoPostgresError(RuntimeError):
    """No PostgreSQL server is installed, or it does not start."""


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        url: The start of its databases' URLs: ``postgresql://postgres@127.0.0.1:port/``.
    """

    url: str
    control: Sequence[str | Path]
    starting: Sequence[str | Path]

    def restart(self) -> None:
        """Ends it as a crash would, and starts it again."""
        _run([*self.control, "-m", "immediate", "-w", "restart"])

    def stop(self) -> None:
        """Ends it as a crash would."""
        _run([*self.control, "-m", "immediate", "-w", "stop"])

    def start(self) -> None:
        """Starts it after that."""
        _run(self.starting)


@contextmanager
def postgres_server() -> Iterator[Server]:
    """Starts a server on a free port of this host."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="easel-postgres-", dir=_choose_place()))
    as_server = _unprivileged(folder)
    data, port = folder / "data", free_port()
    try:
        _run([*as_server, binaries / "initdb", "-A", "trust", "-U", "postgres", "-N", "-D", data])
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} "
            "-c fsync=off -c full_page_writes=off -c shared_buffers=64MB "
            # It would come by as often as there are databases, one for each test.
            "-c autovacuum=off "
            # Else what it shares between its processes would outlive one that is ended at once.
            "-c dynamic_shared_memory_type=mmap"
        )
        control = [*as_server, binaries / "pg_ctl", "-D", data]
        starting = [*control, "-w", "-t", "30", "-o", options, "-l", folder / "log", "start"]
        _run(starting)
        try:
            yield Server(f"postgresql://postgres@127.0.0.1:{port}/", control, starting)
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _choose_place() -> str:
    """In memory where there is room: hundreds of databases are copied, and removed at the end."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > _ROOM
    return str(memory) if roomy else "/tmp"


def _binaries() -> Path:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "pg_ctl").exists():
            return place
    raise NoPostgresError("no initdb and pg_ctl found")


def _unprivileged(folder: Path) -> list[str | Path]:
    if os.geteuid() != 0:
        return []
    # The server refuses to run as root.
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgresError("root needs a user named postgres to run the server") from None
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["runuser", "-u", "postgres", "--"]


def _run(command: Sequence[str | Path]) -> None:
    # A server started here must not keep this process's pipes open.
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=60
    )
    if done.returncode:
        raise NoPostgresError(f"{command[-1]} ended with {done.returncode}")
