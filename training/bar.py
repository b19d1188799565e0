"""Progress with the time left: a bar on a terminal, a line a minute in a log."""

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """Shows how far a piece of work is.

    Args:
        name: What is done.
        total: Amount of work: seconds, or pieces.
        every: Seconds between the lines of a log.
    """

    def __init__(self, name: str, total: float, every: float = 60) -> None:
        self.name, self.total, self.every = name, total, every
        self.console = Console()
        self.said = -every
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self.task = self.progress.add_task(name, total=total, note="")

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def update(self, done: float, note: str = "") -> None:
        """Say that ``done`` of the work is done."""
        self.progress.update(self.task, completed=done, note=note)
        now = time.monotonic()
        if not self.console.is_terminal and now - self.said >= self.every:
            share = min(1.0, done / max(self.total, 1e-9))
            self.console.print(f"{self.name} {share:.0%} {note}", highlight=False)
            self.said = now
