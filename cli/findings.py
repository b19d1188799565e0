"""What a check of this installation found, and how bad it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How bad a finding is: fine, worth knowing, or in the way."""

    OK = "✓"
    NOTE = "•"
    FAULT = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: What was looked at.
        state: How bad it is.
        says: What is so.
        mend: What to do about it; empty if nothing.
    """

    name: str
    state: State
    says: str
    mend: str = ""


def print_findings(findings: Iterable[Finding]) -> bool:
    """Prints each as it is found; whether something is in the way."""
    from rich.console import Console  # noqa: PLC0415 - heavy

    # Long lines stay whole, so that paths and commands can be copied.
    console = Console(highlight=False, soft_wrap=True)
    colours = {State.OK: "green", State.NOTE: "yellow", State.FAULT: "red"}
    faulty = False
    for finding in findings:
        mark = f"[{colours[finding.state]}]{finding.state.value}[/]"
        console.print(mark, f"{finding.name:<12}", finding.says, markup=True)
        if finding.mend:
            # Without markup, which would take `[worker]` in a command for a style.
            console.print(f"{'':14} → {finding.mend}", style="dim", markup=False)
        faulty = faulty or finding.state is State.FAULT
    return faulty
