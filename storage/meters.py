"""The table of metrics; until they are switched on, each costs a comparison and no library loads.

No label ever holds a person, a server, a channel or words of a prompt.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_MOMENTS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Seconds around the three that Discord waits for a first answer."""

_WAITS: Final = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""Seconds that a job may wait, be drawn or be loaded for."""

# Their names are public: dashboards and rules of hosts rest on them.
_PREFIX: Final = "easel_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One metric.

    Attributes:
        name: Without the prefix of ours, and without the ending that counters get.
        kind: What it is, as Prometheus has it.
        help: What it measures.
        labels: What it is told apart by.
        buckets: Upper bounds of a histogram's buckets.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    def add(self, count: float = 1.0, **labels: str) -> None:
        """Counts something that happened."""
        if _live:
            _find(self, labels).inc(count)

    def observe(self, value: float, **labels: str) -> None:
        """Notes how large something was."""
        if _live:
            _find(self, labels).observe(value)

    def set(self, value: float, **labels: str) -> None:
        """Notes how large something is now."""
        if _live:
            _find(self, labels).set(value)


_live: Final[dict[str, Any]] = {}
"""What the library has for each, once switched on."""

ANSWER_SECONDS: Final = Meter(
    name="answer_seconds",
    kind="histogram",
    help="From an interaction to its first answer, by this machine's clock.",
    buckets=_MOMENTS,
)
ACCEPT_SECONDS: Final = Meter(
    name="accept_seconds",
    kind="histogram",
    help="To take jobs into the queue.",
    buckets=_MOMENTS,
)
JOBS: Final = Meter(
    name="jobs",
    kind="counter",
    help="Jobs whose end was shown.",
    labels=("model", "kind", "speed", "end", "reason"),
)
WAIT_SECONDS: Final = Meter(
    name="wait_seconds",
    kind="histogram",
    help="From asking to the last beginning of a job that was made.",
    labels=("speed",),
    buckets=_WAITS,
)
DRAW_SECONDS: Final = Meter(
    name="draw_seconds",
    kind="histogram",
    help="From its last beginning to the end of a job that was made.",
    labels=("model",),
    buckets=_WAITS,
)
SHOW_SECONDS: Final = Meter(
    name="show_seconds",
    kind="histogram",
    help="From the end of a job to its being shown.",
    buckets=_WAITS,
)
DISCORD_ANSWERS: Final = Meter(
    name="discord_answers",
    kind="counter",
    help="Answers of Discord to requests; too many of 401, 403 and 429 have it ban an address.",
    labels=("status",),
)
REFUSALS: Final = Meter(
    name="refusals",
    kind="counter",
    help="What people were told instead of being served, by the class of the error.",
    labels=("error",),
)
LOST_JOBS: Final = Meter(
    name="lost_jobs", kind="counter", help="Jobs whose worker died, to be made again or given up."
)
GATEWAY_CONNECTED: Final = Meter(
    name="gateway_connected", kind="gauge", help="Whether the bot hears Discord."
)
GATEWAY_SECONDS: Final = Meter(
    name="gateway_seconds", kind="gauge", help="How long Discord's gateway takes to answer a ping."
)
QUEUE_JOBS: Final = Meter(
    name="queue_jobs",
    kind="gauge",
    help="Jobs that wait or run.",
    labels=("lane", "state"),
)
OLDEST_SECONDS: Final = Meter(
    name="oldest_waiting_seconds",
    kind="gauge",
    help="How long the job has waited that was asked for first.",
    labels=("lane",),
)
WORKERS: Final = Meter(
    name="workers",
    kind="gauge",
    help="Workers that give signs of life; those with a trouble take no jobs.",
    labels=("trouble",),
)
FREE_BYTES: Final = Meter(
    name="free_bytes", kind="gauge", help="Free where pictures or the database are kept."
)
BEAT_SECONDS: Final = Meter(
    name="beat_seconds", kind="gauge", help="Since this worker's last sign of life."
)
LOAD_SECONDS: Final = Meter(
    name="load_seconds",
    kind="histogram",
    help="To load a model.",
    labels=("model",),
    buckets=_WAITS,
)
GPU_BYTES: Final = Meter(
    name="gpu_bytes",
    kind="gauge",
    help="Memory of the GPU: allocated by this worker, free for all, and in all.",
    labels=("which",),
)

METERS: Final[tuple[Meter, ...]] = tuple(
    value for value in globals().values() if isinstance(value, Meter)
)
"""All of them."""


def switch_on(registry: "CollectorRegistry") -> None:
    """Has all metrics counted from here on, for a registry of prometheus_client."""
    from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415 - only where wanted

    for meter in METERS:
        name, labels = _PREFIX + meter.name, meter.labels
        if meter.kind == "histogram":
            _live[meter.name] = Histogram(
                name, meter.help, labels, buckets=meter.buckets, registry=registry
            )
        else:
            make = Counter if meter.kind == "counter" else Gauge
            _live[meter.name] = make(name, meter.help, labels, registry=registry)


def switch_off() -> None:
    """Counts nothing any more."""
    _live.clear()


def _find(meter: Meter, labels: dict[str, str]) -> Any:  # noqa: ANN401 - the library's own
    found = _live[meter.name]
    return found.labels(**labels) if labels else found
