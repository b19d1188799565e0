"""Stage: the planner, from words and references to the mean latents of what they can mean."""

from dataclasses import dataclass, fields, replace
from typing import Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from transformers import CLIPTextModel, CLIPVisionModelWithProjection

from generation.guided.latents import PATCH
from generation.guided.planner import Planner
from generation.tensors.precision import lower_precision
from training.bar import Bar
from training.guided.basis import CHANNELS, load_basis
from training.loop import Course, Training
from training.plan import SIDE, WIDTH, Options, start
from training.pool import draw_samples
from training.samples import NONE, Samples, plan_samples
from training.tokenizer import load_tokenizer, tokenize
from training.towers import see
from training.world import World, load_world

HIDDEN: Final = 896
EARLY: Final = "early.safetensors"
"""File of the planner as it was early in its training."""

_EARLY: Final = 0.3
"""Share of its time after which that is written."""

_SEED: Final = 4
_BATCH: Final = 192
_RATE: Final = 6e-4
_PALE: Final = 0.03
"""Squared contrast below which a picture counts hardly more: that of the palest thing on white."""

_FAINT, _OFTEN = 0.45, 5
"""Pictures of less contrast than this share of the mean are learnt from as much more often."""

_VARIED: Final = 2
"""Samples of the planner for each of the bundled denoiser's: its steps are quick."""

_VISION: Final = "towers/vision"


@dataclass(frozen=True, slots=True)
class Lessons:
    """What the planner learns from, one row each, and what its rows name.

    Attributes:
        latents: float16 (N, C, 16, 16).
        caption: Row of ``states`` (N,).
        look: Style word of the picture, by its place among the world's (N,).
        style: Row of ``embeddings`` of the style reference (N,); the last, zeros, for none.
        content: Row of that of the content reference (N,).
        second: Row of that of the second (N,); the first again if there is but one.
        embeddings: float16 (looks + 1, 256).
        states: Text states, float16 (captions, tokens, 256); the first is of the empty text.
        length: Tokens of each caption up to its end, which is one of them (captions,).
    """

    latents: Tensor
    caption: Tensor
    look: Tensor
    style: Tensor
    content: Tensor
    second: Tensor
    embeddings: Tensor
    states: Tensor
    length: Tensor


def build_lessons(given: Options) -> Lessons:
    """Compose and encode the samples, or read them if that was done before.

    Raises:
        StoppedError: The session ended first.
    """
    path = given.folder("lessons") / "lessons.safetensors"
    if not path.exists():
        lessons = _build(given)
        parts = {field.name: getattr(lessons, field.name).cpu() for field in fields(Lessons)}
        save_file(parts, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
    return Lessons(**load_file(path, device=given.device))


@torch.no_grad()
def _build(given: Options) -> Lessons:
    world = load_world(given)
    # Without a model that sees, all is told by words.
    sees = (given.out / _VISION).exists()
    count = _VARIED * given.size.pool
    samples = _order_pairs(
        plan_samples(world, count, collages=given.size.collages, references=sees, seed=_SEED)
    )
    embeddings = _embed(world, given) if sees else torch.zeros(0, WIDTH, dtype=torch.float16)
    none = len(embeddings)
    states, length = _read(samples.captions, given)
    return Lessons(
        latents=_encode(world, samples, given),
        caption=samples.caption,
        look=world.style[world.looks.drawing[samples.look]],
        style=torch.where(samples.style == NONE, none, samples.style),
        content=torch.where(samples.content == NONE, none, samples.content),
        second=torch.where(
            samples.second != NONE,
            samples.second,
            torch.where(samples.content == NONE, none, samples.content),
        ),
        embeddings=functional.pad(embeddings, (0, 0, 0, 1)),
        states=states,
        length=length,
    )


def _order_pairs(samples: Samples) -> Samples:
    """Two things told by pictures stand in one fixed order: their mean does not tell it."""
    turn = (samples.beside != NONE) & (samples.second != NONE) & (samples.look > samples.beside)
    first, other = samples.look, samples.beside
    return replace(
        samples,
        look=torch.where(turn, other, first),
        beside=torch.where(turn, first, other),
        content=torch.where(turn, samples.second, samples.content),
        second=torch.where(turn, samples.content, samples.second),
    )


def _embed(world: World, given: Options) -> Tensor:
    """Image embeddings of every look on white, float16 (looks, 256)."""
    folder = given.out / _VISION
    vision = CLIPVisionModelWithProjection.from_pretrained(folder).to(given.device).eval()
    made = []
    with Bar("lessons: references", len(world.looks)) as bar:
        for rows in torch.split(torch.arange(len(world.looks), device=given.device), 64):
            given.session.check()
            white = torch.ones(len(rows), 3, device=given.device)
            with lower_precision(given.device):
                seen = see(world.render(rows, white), given.size.sight)
                made.append(vision(pixel_values=seen).image_embeds.half())
            bar.update(int(rows[-1]))
    return torch.cat(made)


def _read(captions: list[str], given: Options) -> tuple[Tensor, Tensor]:
    """Text states (captions, tokens, 256) as far as the longest caption goes, and lengths."""
    text = CLIPTextModel.from_pretrained(given.out / "towers" / "text").to(given.device).eval()
    ids = torch.cat([tokenize(captions[i : i + 4096]) for i in range(0, len(captions), 4096)])
    length = (ids != load_tokenizer().eos_token_id).sum(1) + 1
    states = torch.zeros(len(ids), int(length.max()), WIDTH, dtype=torch.float16)
    with Bar("lessons: captions", len(ids)) as bar:
        # Captions of like length together: reading stops at the longest of a batch.
        for rows in torch.split(length.argsort(), 256):
            given.session.check()
            until = int(length[rows].max())
            with lower_precision(given.device):
                read = text(input_ids=ids[rows, :until].to(given.device)).last_hidden_state
            states[rows, :until] = read.half().cpu()
            bar.update(len(rows))
    return states, length


def _encode(world: World, samples: Samples, given: Options) -> Tensor:
    latents = load_basis(given).to(given.device)
    made = []
    with Bar("lessons", len(samples)) as bar:
        for rows in torch.split(torch.arange(len(samples), device=given.device), 64):
            given.session.check()
            made.append(latents.encode(draw_samples(world, samples, rows)).half())
            bar.update(int(rows[-1]))
    return torch.cat(made).contiguous()


def plan_guides(planner: Planner, lessons: Lessons, rows: Tensor) -> Tensor:
    """The planner's guides (B, C, 16, 16) for some lessons."""
    embeddings = lessons.embeddings
    content = (embeddings[lessons.content[rows]] + embeddings[lessons.second[rows]]) / 2
    made: Tensor = planner(
        lessons.states[lessons.caption[rows]].float(),
        lessons.length[lessons.caption[rows]],
        content.float(),
        embeddings[lessons.style[rows]].float(),
    )
    return made


def measure_contrast(latents: Tensor) -> Tensor:
    """Contrast of each of some latents (B, C, h, w), 1 on average (B,)."""
    parts = [part.float().var((2, 3)).sum(1).sqrt() for part in torch.split(latents, 4096)]
    contrast = torch.cat(parts)
    return contrast / contrast.mean()


def weigh(latents: Tensor) -> Tensor:
    """How much each picture counts (B,): the less contrast, the more, 1 on average.

    Squared error of a white thing on a white ground is next to nothing, however wrong it is.
    """
    weight = 1 / (measure_contrast(latents) ** 2 + _PALE)
    return weight / weight.mean()


def new_planner() -> Planner:
    """A planner that has learnt nothing."""
    return Planner(CHANNELS, side=SIDE // PATCH, width=WIDTH, hidden=HIDDEN)


def train_planner(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``planner/planner.safetensors``."""
    torch.manual_seed(5)
    lessons = build_lessons(given)
    planner = new_planner().to(given.device)
    course = Course.of(given, "planner", minutes, rate=_RATE, decay=min(given.size.decay, 0.998))
    training = Training(replace(course, flat=0.4), planner)
    batch = _BATCH if given.device == "cpu" else 2048
    often = 1.0 + _OFTEN * (measure_contrast(lessons.latents) < _FAINT)

    early = course.folder / EARLY
    if not course.checkpoint.exists():
        # Of a run before whose checkpoint was taken away: another planner's.
        early.unlink(missing_ok=True)
    missing = not early.exists()

    def step(share: float) -> dict[str, Tensor]:
        nonlocal missing
        if missing and share >= _EARLY:
            missing = False
            save_file(planner.state_dict(), early)
        rows = torch.multinomial(often, batch, replacement=True)
        wanted = lessons.latents[rows].float()
        with lower_precision(given.device):
            made = plan_guides(planner, lessons, rows)
        wrong = functional.mse_loss(made.float(), wanted, reduction="none").mean((1, 2, 3))
        return {"loss": (wrong * weigh(wanted)).mean(), "wrong": wrong.mean()}

    training.run(step)
    save_file(planner.state_dict(), course.folder / "planner.safetensors")


if __name__ == "__main__":
    start(__doc__, lambda given: train_planner(given, given.minutes))
