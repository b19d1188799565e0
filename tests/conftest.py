"""What the whole suite shares: the tally of requests that the stand-in checked."""

import os
import tempfile
from pathlib import Path

import pytest

TALLY = "EASEL_PLAYGROUND_COUNT"
"""Environment variable naming the file to which each stand-in adds its counts."""


def pytest_configure(config: pytest.Config) -> None:
    """Names the file once, before any worker process of the suite starts."""
    if not hasattr(config, "workerinput"):
        os.environ[TALLY] = str(Path(tempfile.mkdtemp(prefix="easel-tally-")) / "counts")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints how many requests were checked against Discord's description."""
    tally = Path(os.environ[TALLY])
    if not tally.exists():
        return
    counts = [line.split() for line in tally.read_text(encoding="utf-8").splitlines()]
    validated, refused = (sum(int(count[k]) for count in counts) for k in (0, 1))
    terminalreporter.write_line(
        f"{validated} requests were checked against Discord's OpenAPI description, "
        f"in {len(counts)} stand-ins; {refused} were refused, as tests wanted."
    )
