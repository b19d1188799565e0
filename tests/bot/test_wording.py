import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import errors
from bot.components.buttons import KINDS
from bot.text import sentences, wording
from bot.text.languages import speaking
from faults import UserError
from generation.catalogue.card import Capability
from generation.recipe import RecipeError
from generation.untrusted.fetch import (
    LinkExpiredError,
    LinkNotFoundError,
    LinkRefusedError,
    LinkTimeoutError,
    LinkUnreachableError,
    Refusal,
)
from generation.untrusted.image_errors import (
    BrokenImageError,
    ImageKindError,
    ImageTooHardError,
    ImageTooLargeError,
    ImageTooNarrowError,
    MaskMisfitError,
    NotAnImageError,
    NothingPaintedError,
)
from prompt.errors import PromptError
from prompt.sentences import Sentence
from storage.decisions.choices import TooManyPresetsError, UnknownChoiceError
from storage.files import MissingFileError
from storage.queue.jobs import RenderError
from storage.queue.limits import BlockedError, Budget, Excess, LimitKind, LimitReachedError
from storage.queue.moderation import DecidedError
from storage.quotas import QuotaError, QuotaKind
from storage.space import NoSpaceError

NOW = datetime(2026, 11, 28, tzinfo=UTC)
HELD: tuple[LimitKind, ...] = ("daily", "host", "unfinished")
ERRORS = [
    NotAnImageError(),
    BrokenImageError("PNG"),
    ImageKindError("JPEG"),
    ImageTooLargeError("bytes", 20 * 2**20, 30 * 2**20),
    ImageTooLargeError("pixels", 25_000_000, 90_000_000),
    ImageTooNarrowError(1, 24_999_999),
    ImageTooHardError(),
    MaskMisfitError(1, 1),
    LinkNotFoundError("cats.example", 404),
    LinkExpiredError("cats.example", 404),
    LinkUnreachableError("cats.example", "no address"),
    LinkTimeoutError("cats.example", 10.0),
    *(LinkRefusedError("cats.example", reason) for reason in Refusal),
    LimitReachedError(Excess("batch", limit=10, used=0, count=12)),
    *(LimitReachedError(Excess(kind, 10, used, 2)) for kind in HELD for used in (9, 10)),
    errors.OldButtonError(),
    errors.JobGoneError(),
    errors.FormLateError(),
    errors.NotYoursError(),
    errors.OtherFamilyError("sd15", "Stable Diffusion XL"),
    errors.TooLateError(),
    errors.TokenError(),
    errors.ExpiredTokenError(),
    NothingPaintedError(),
    errors.NoLongerThereError(),
    errors.NotShownError(),
    errors.WithheldError("held"),
    errors.NotAdministeredError(),
    errors.NotSignedInError(),
    DecidedError(),
    *(errors.TooLongError(action) for action in ("vary", "zoom", "region")),
    PromptError("`--ar 0:0` has no area; `--ar 3:2` would work.", 6, None),
    errors.NoJobError("tea"),
    errors.NotAbleError(Capability.BLEND, "Easel"),
    errors.ZoomError("0.5"),
    errors.WeightsError("1 2 3", 2),
    errors.NoImageError(),
    errors.NoPictureError(),
    errors.SheetError(),
    errors.NoPromptError(),
    errors.NotUnderstoodError("make it cuter"),
    errors.WhichPictureError("make it warmer", 4, every=True),
    errors.NoPlaceError("the hat"),
    errors.NothingBeforeError(),
    errors.NotYetError(),
    errors.DraftGoneError(),
    errors.NotAllowedError(Sentence(sentences.NO_PLACE)),
    MissingFileError("0" * 64),
    NoSpaceError(),
    RecipeError("a recipe of version 99"),
    RenderError("out_of_memory"),
    *(errors.UnsentError(reason) for reason in sentences.UNSENT_REASONS),
    TooManyPresetsError(),
    UnknownChoiceError("variability"),
    QuotaError("5 cats"),
    *(BlockedError(until, host=host) for until in (None, NOW) for host in (True, False)),
    LimitReachedError(Excess("quota", 5, 5, 1, Budget(QuotaKind("jobs", "day"), 5))),
    LimitReachedError(
        Excess("quota", 5, 5, 1, Budget(QuotaKind("pictures", "week"), 5, host=True))
    ),
    errors.FastSpentError(Excess("fast", 5, 6, 1, Budget(QuotaKind("fast", "month"), 5)), []),
]

INWARD = {
    "FailedError",
    "NotTriedError",
    "PrivateAddressError",
    "RateLimitError",
    "RouteClosedError",
    "RouteStuckError",
    "SignInError",
    "StampingError",
    "UnknownChangeError",
    "UnknownSamplerError",
}
"""Signals between functions, which nobody sees."""


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: f"{type(e).__name__} {e}")
def test_each_error_has_one_sentence(error: Exception) -> None:
    text = wording.word_error(error)
    assert text is not None
    assert text[0].isupper() or text[0] == "`"
    assert text.endswith(".")
    assert 20 < len(text) < 300


def list_kinds(kind: type[Exception]) -> set[type[Exception]]:
    """A kind of error with all that derive from it, of those that the product has."""
    kinds = {kind, *(k for child in kind.__subclasses__() for k in list_kinds(child))}
    return {each for each in kinds if not each.__module__.startswith("tests")}


def test_everything_that_a_person_can_mend_is_worded() -> None:
    worded = {type(error) for error in ERRORS}
    assert {kind for kind in list_kinds(UserError) if not kind.__subclasses__()} <= worded


@pytest.mark.parametrize("package", ["bot", "cli", "generation", "prompt", "storage"])
def test_every_error_says_who_can_mend_it(package: str) -> None:
    """Read from the source, since half of the modules need PyTorch."""
    found = {}
    for path in (Path(__file__).parents[2] / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                found[node.name] = {ast.unparse(base) for base in node.bases}
    roots = {"UserError", "HostError", "BaseException"}
    homeless = {name for name, bases in found.items() if not bases & (roots | found.keys())}
    assert homeless <= INWARD


def test_what_a_prompt_too_long_for_a_form_is_told_needs_none_itself() -> None:
    for kind in KINDS.values():
        said = wording.word_error(errors.TooLongError(kind.action)) or ""
        named = [other for other in KINDS.values() if other.label and other.label in said]
        if kind.form is None:
            assert "`/prefer remix`" in said
            continue
        assert "`/prefer remix`" not in said
        others = [other for other in named if other.action != kind.action]
        assert others
        assert all(other.form is None for other in others)


def test_our_own_mistakes_have_none() -> None:
    assert wording.word_error(ZeroDivisionError("a secret /path")) is None
    assert "secret" not in sentences.UNEXPECTED


def test_a_picture_that_is_a_little_too_large_is_not_told_to_be_as_large_as_would_work() -> None:
    error = ImageTooLargeError("pixels", 25_000_000, 25_005_000)
    assert wording.word_error(error) == "The image has 25.1 megapixels; up to 25 would work."
    with speaking("de"):
        assert "25,1 Megapixel" in (wording.word_error(error) or "")
