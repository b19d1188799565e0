"""Stage: the text and the vision tower, trained together to agree on what fits what.

The vision tower also learns to name things and styles, which makes both easy to read from its
embedding; the text tower also learns to place texts as a large sentence model does, where the
vectors of such a model lie in ``teacher/``.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from training.device import half
from training.loop import Course, Training
from training.plan import WIDTH, WINDOW, Options, Size, start
from training.samples import Samples, grounds_of, plan_samples
from training.teacher import Lessons, load_lessons
from training.tokenizer import load_tokenizer, tokenize
from training.world import World, load_world

_CAPTIONS = 60_000
_HOTTEST = 4.1  # a temperature of 60


def build_text(size: Size) -> CLIPTextModel:
    """A fresh text tower."""
    tokenizer = load_tokenizer()
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=size.tower_depth,
            num_attention_heads=4,
            max_position_embeddings=WINDOW,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def build_vision(size: Size) -> CLIPVisionModelWithProjection:
    """A fresh vision tower."""
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=192,
            intermediate_size=768,
            projection_dim=WIDTH,
            num_hidden_layers=size.tower_depth,
            num_attention_heads=3,
            image_size=size.sight,
            patch_size=16,
        )
    )


def see(pictures: Tensor, side: int) -> Tensor:
    """Pictures in -1 to 1 at the size that the vision tower sees."""
    if pictures.shape[-1] == side:
        return pictures
    return functional.interpolate(pictures, (side, side), mode="bicubic", antialias=True).clamp(
        -1, 1
    )


class Towers(nn.Module):
    """Both towers with what they need only to learn."""

    def __init__(self, size: Size, things: int, styles: int) -> None:
        super().__init__()
        self.text, self.vision = build_text(size), build_vision(size)
        self.to_shared = nn.Linear(WIDTH, WIDTH, bias=False)
        self.to_teacher = nn.Linear(WIDTH, 384)
        self.thing, self.style = nn.Linear(WIDTH, things), nn.Linear(WIDTH, styles)
        self.heat = nn.Parameter(torch.tensor(2.7))

    def forward(
        self, ids: Tensor, pictures: Tensor, thing: Tensor, style: Tensor
    ) -> dict[str, Tensor]:
        """Losses of captions and pictures that belong together row by row."""
        seen = self.vision(pixel_values=pictures).image_embeds
        read = self.to_shared(self.text(input_ids=ids).pooler_output)
        scores = (
            functional.normalize(read.float(), dim=-1)
            @ functional.normalize(seen.float(), dim=-1).T
        )
        scores = scores * self.heat.clamp(max=_HOTTEST).exp()
        rows = torch.arange(len(scores), device=scores.device)
        match = (
            functional.cross_entropy(scores, rows) + functional.cross_entropy(scores.T, rows)
        ) / 2
        things = self.thing(functional.normalize(seen, dim=-1) * 16).float()
        name = functional.cross_entropy(things, thing)
        manner = functional.cross_entropy(
            self.style(functional.normalize(seen, dim=-1) * 16).float(), style
        )
        right = (things.argmax(1) == thing).float().mean()
        return {
            "loss": match + name + 0.5 * manner,
            "match": match,
            "name": name,
            "manner": manner,
            "named": right,
        }

    def learn(self, lessons: Lessons, count: int) -> Tensor:
        """How far texts are from where the teacher puts them, 0 to 2."""
        ids, wanted = lessons.draw(count)
        made = self.to_teacher(self.text(input_ids=trim(ids)).pooler_output)
        return 1 - functional.cosine_similarity(made.float(), wanted, dim=-1).mean()


def trim(ids: Tensor) -> Tensor:
    """Ids without the columns that are padding in every row. Reading is causal: nothing changes."""
    if ids.is_cuda:
        return ids
    end = load_tokenizer().eos_token_id
    return ids[:, : int((ids != end).sum(1).max()) + 1]


def train_towers(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``towers/text`` and ``towers/vision``."""
    folder, size, device = given.folder("towers"), given.size, given.device
    world = load_world(given)
    samples = plan_samples(world, min(_CAPTIONS, size.pool * 2), references=False, seed=1)
    ids = torch.cat(
        [tokenize(samples.captions[i : i + 4096]) for i in range(0, len(samples.captions), 4096)]
    )
    ids = ids.to(device)
    lessons = load_lessons(given)
    towers = Towers(size, len(world.things), len(world.styles)).to(device)
    course = Course.of(
        given,
        "towers",
        minutes,
        rate=size.rates["towers"],
        weight_decay=0.02,
        decay=min(size.decay, 0.998),
    )
    # A contrastive loss is of one batch: halves of it would be an easier lesson.
    training = Training(replace(course, abreast=1), towers)

    def step(share: float) -> dict[str, Tensor]:
        del share
        rows = torch.randint(len(samples), (size.batches["towers"],), device=device)
        pictures = see(_shown(world, samples, rows), size.sight)
        drawing = world.looks.drawing[samples.look[rows]]
        with half(device):
            texts = trim(ids[samples.caption[rows]])
            losses: dict[str, Tensor] = towers(
                texts, pictures, world.thing[drawing], world.style[drawing]
            )
            if lessons is not None:
                losses["taught"] = towers.learn(lessons, len(rows) // 2)
                losses["loss"] = losses["loss"] + losses["taught"]
        return losses

    training.run(step)
    towers.text.save_pretrained(folder / "text")
    towers.vision.save_pretrained(folder / "vision")


def _shown(world: World, samples: Samples, rows: Tensor) -> Tensor:
    """Pictures of samples, moved by up to 8 pixels so that places are not learnt by heart."""
    pictures = world.render(samples.look[rows], grounds_of(samples.ground[rows]))
    moves = torch.randint(-8, 9, (2,)).tolist()
    return pictures.roll(moves, (2, 3))


if __name__ == "__main__":
    start(__doc__, lambda given: train_towers(given, given.minutes))
