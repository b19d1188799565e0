"""What a job is, what happens to it, and what making it yields: values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, Self

from faults import HostError, UserError
from storage.queue.verdicts import Verdict

State = Literal["queued", "running", "done", "failed", "cancelled"]
Speed = Literal["fast", "relax"]
Kind = Literal["picture", "grid"]

WORKER_LOST: Final = "worker_lost"
"""Failure of a job whose worker died every time it was tried."""

# With an id, of 20 digits at most, it fits into the 32 characters that a failure has.
CANCELLED_BY: Final = "by "
"""What stands in the place of a failure's code before the person who cancelled a job."""

INTERNAL: Final = "internal"
"""Failure of a job that hit a mistake of ours."""

NO_MODEL: Final = "model"
"""Failure of a job whose model cannot be had, or cannot do what it asks for."""

UNSTORED: Final = "unstored"
"""Failure of a job that the picture store alone had nothing for, or would not take from it."""

Trouble = Literal["device", "store", "old"]
"""Why a worker takes no jobs: what it computes on fails again and again, or the picture store; or
it is of an older release than the jobs."""

PROTOCOL: Final = 1
"""Which jobs are understood: raised by hand when the workers of before cannot make new ones, as
with every new version of recipes. A worker takes jobs up to its number."""

TRIPPED: Final = "tripped"
"""Why a job failed at which a device failed again and again that drew others in between."""

SHOWN: Final = "shown"
"""The lane of jobs that make nothing: they show alone what was made beside others."""

UNTOUCHED: Final = "untouched"
"""What is told of pictures in which a part of another was changed: the shares that they kept."""

DAY: Final = timedelta(hours=24)
"""What a daily limit counts over, up to now."""


class RenderError(UserError, RuntimeError):
    """A job cannot be made, for a reason with a name.

    Attributes:
        code: Short name of the reason, at most 32 characters, such as ``out_of_memory``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DeviceFaultError(HostError, RuntimeError):
    """What a worker computes on failed: no job is to blame, and this process cannot go on."""

    def __init__(self, device: str) -> None:
        super().__init__(
            f"What this worker computes on ({device}) has failed; a new process may find it mended."
        )


class WorkerNameTakenError(HostError, RuntimeError):
    """Another live worker goes by the name of this one.

    Attributes:
        name: That name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Another worker named {name} is alive; stop it or give this one a name of its own "
            "with EASEL_WORKER."
        )
        self.name = name


class UnknownJobError(HostError, RuntimeError):
    """A job is of a newer release than its worker, which leaves it to others."""

    def __init__(self) -> None:
        super().__init__("A job is of a newer release than this worker; update this machine.")


class RenderInterruptedError(BaseException):
    """Raised by ``report``: this run is no longer wanted. It must never be swallowed.

    The job was cancelled or given to another worker, or this worker is stopping. It is no
    ``Exception``, so that ``except Exception`` lets it through.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job as the bot hands it over.

    Attributes:
        id: 32 hexadecimal digits, chosen by the caller; the same id is accepted once.
        recipe: What to make, as JSON.
        title: What is made, such as ``imagine``, ``vary:2``, ``upscale:3`` or ``reroll``.
        person_id: Who asked.
        channel_id: Where they asked.
        message_id: The message to deliver into, once known.
        interaction_token: The token to deliver with until ``token_expires_at``.
        upload_limit: Largest file that may be sent back, in bytes.
        parent_id: The job this one was derived from.
        origins: Where each flag came from, and words that were added.
        locale: Language of the person, as Discord writes it; None for English.
        family: What kind of model draws it, as recipes name it.
        model: Which of the kind.
        pixels: Of all its pictures, as they are drawn.
        steps: Denoising steps of each picture.
        picture_count: How many pictures.
        question: Digest of the question that stands in the recipe's place; None for a recipe.
        adult: Whether it is shown where Discord lets adults alone in; of before that was kept,
            nobody knows.
        minors: Whether its words name minors, of whom nothing may be explicit anywhere.
    """

    id: str
    recipe: Mapping[str, Any]
    title: str
    person_id: int
    channel_id: int
    application_id: int
    upload_limit: int
    server_id: int | None = None
    message_id: int | None = None
    # Whoever has it can write as the bot for a quarter of an hour, so no log may show it.
    interaction_token: str | None = field(default=None, repr=False)
    token_expires_at: datetime | None = None
    parent_id: str | None = None
    speed: Speed = "fast"
    origins: Mapping[str, str] | None = None
    locale: str | None = None
    family: str = ""
    model: str = ""
    pixels: int = 0
    steps: int = 0
    picture_count: int = 0
    question: str | None = None
    adult: bool | None = False
    minors: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    """A picture that was made; ``position`` counts from 0, and is -1 for the grid."""

    position: int
    kind: Kind
    sha256: str
    width: int
    height: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(NewJob):
    """A job as it stands in the database.

    Attributes:
        failure: Why it failed, as a short code; of a cancelled job, who cancelled it.
        attempts: How many times making it was begun.
        worker: The worker that took it last, begun or not.
        delivered_message_id: The message in which its end was shown.
        images: Pictures in order; the grid, if any, comes first.
        answer: What a question was answered with, or what there is to tell of the pictures.
        verdict: What a classifier says of its pictures; None where none looked.
    """

    state: State
    failure: str | None
    attempts: int
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    delivered_at: datetime | None
    delivered_message_id: int | None
    images: tuple[StoredImage, ...]
    answer: Mapping[str, Any] | None = None
    verdict: Verdict | None = None

    @classmethod
    def accepted(cls, job: NewJob) -> Self:
        """A job as it stands once it was accepted just now."""
        given: dict[str, Any] = {each.name: getattr(job, each.name) for each in fields(NewJob)}
        return cls(
            **given,
            state="queued",
            failure=None,
            attempts=0,
            worker=None,
            created_at=datetime.now(UTC),
            started_at=None,
            finished_at=None,
            delivered_at=None,
            delivered_message_id=None,
            images=(),
        )

    @property
    def cancelled_by(self) -> int | None:
        """Who cancelled it; None where nobody did, or nobody remembers."""
        who = (self.failure or "").removeprefix(CANCELLED_BY)
        # Empty where nobody is named: after `/cancel`, or where the job's message was deleted.
        return int(who) if self.state == "cancelled" and who.isdecimal() else None

    @property
    def ended(self) -> bool:
        """Whether nothing more will be made."""
        return self.state not in {"queued", "running"}

    @property
    def grid(self) -> StoredImage | None:
        """The grid, if there is one."""
        return next((image for image in self.images if image.kind == "grid"), None)

    @property
    def pictures(self) -> tuple[StoredImage, ...]:
        """The single pictures, in order."""
        return tuple(image for image in self.images if image.kind == "picture")


@dataclass(frozen=True, slots=True)
class Queued:
    """A job waits.

    Attributes:
        job_id: The job.
        position: Its place in the queue, 1 is next.
        wait: Seconds that it is expected to wait; None if that is not long, or not known.
        unserved: Whether it waits for a worker that serves its model, as none that lives does.
    """

    job_id: str
    position: int
    wait: float | None = None
    unserved: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A worker began to make a job, perhaps again."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: ``step`` of ``steps`` done, with an encoded picture of it, if any.

    There are no steps while its model is being loaded.
    """

    job_id: str
    step: int
    steps: int
    preview: bytes | None


@dataclass(frozen=True, slots=True)
class Ended:
    """A job is done, failed (``failure`` says why) or cancelled."""

    job_id: str
    state: State
    failure: str | None


Event = Queued | Started | Progress | Ended


@dataclass(frozen=True, slots=True)
class QueueInfo:
    """How busy the place is.

    Attributes:
        queued: Jobs that wait.
        running: Jobs being made.
        workers: Workers alive.
        troubles: How many of these take no jobs, by what keeps them from it.
        full: Whether no new jobs are taken, as too little space is left.
    """

    queued: int
    running: int
    workers: int
    troubles: Mapping[Trouble, int] = field(default_factory=dict)
    full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One picture as its maker hands it over; the bytes are already in the files."""

    sha256: str
    width: int
    height: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """All pictures of a job, and the grid of them if there is one; or a question's answer.

    With pictures the answer is what there is to tell of them: under ``UNTOUCHED`` a share for each.
    The verdict is a classifier's, where one looked at them.
    """

    pictures: tuple[Made, ...] | list[Made] = ()
    grid: Made | None = None
    answer: Mapping[str, Any] | None = None
    verdict: Verdict | None = None


Report = Callable[[int, int, bytes | None], None]
"""Tells how far a job is: steps done, steps in all, an encoded preview. Raises to interrupt.

No steps in all say that the model is being loaded."""

Keep = Callable[[], Rendered]
"""Stores what was drawn, which no GPU is needed for."""

Render = Callable[[dict[str, Any], Report], Rendered | Keep]
"""Makes a recipe: its pictures are stored, or are to be while the next recipe is drawn."""
