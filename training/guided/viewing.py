"""Stage: a judge that names the look of a restyled photograph. It is never a loss.

It learns from photographs that the denoiser never sees, in renderings made by other chances, and
tells a look by small patches: how a picture is made, not what it shows.
"""

from typing import Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from generation.catalogue.looks import LIGHTS, LOOKS, MEDIA, PLAIN
from training.guided.views import NONE, load_views
from training.loop import Course, Training
from training.plan import Options, start

FILE: Final = "viewer.safetensors"
NAMED: Final = (*MEDIA, *LIGHTS, PLAIN)
"""What it can say, in the order of its scores."""

_CROP: Final = 160
_BATCH: Final = 24
_RATE: Final = 2e-3


class Viewer(nn.Module):
    """Scores of looks from the means and the maxima of small features."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Conv2d(3, 32, 4, stride=2, padding=1)
        self.middle = nn.Conv2d(32, 64, 4, stride=2, padding=1)
        self.coarse = nn.Conv2d(64, 96, 4, stride=2, padding=1)
        self.norms = nn.ModuleList(nn.GroupNorm(8, width) for width in (32, 64, 96))
        self.leave = nn.Sequential(nn.Linear(384, 128), nn.SiLU(), nn.Linear(128, len(NAMED)))

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in -1 to 1, about 384 pixels → scores (B, looks)."""
        seen = []
        x = pictures
        for layer, norm in zip((self.fine, self.middle, self.coarse), self.norms, strict=True):
            x = functional.silu(norm(layer(x)))
            seen.append(x.mean((2, 3)))
        seen += [x.amax((2, 3)), x.var((2, 3)).add(1e-4).sqrt()]
        scores: Tensor = self.leave(torch.cat(seen, 1))
        return scores


def train_viewer(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``viewer/viewer.safetensors``."""
    torch.manual_seed(9)
    pixels, looks = load_views(given, "judge", "pixels")
    alone = int((looks[0, :, 1] == NONE).sum())
    said = torch.tensor([NAMED.index(LOOKS[row]) for row in looks[0, :alone, 0].tolist()])
    viewer = Viewer().to(given.device)
    course = Course.of(given, "viewer", minutes, rate=_RATE, decay=0.99)
    training = Training(course, viewer)
    side = pixels.shape[2]

    def step(share: float) -> dict[str, Tensor]:
        del share
        crops, wanted = [], torch.randint(alone, (_BATCH,))
        for look in wanted.tolist():
            top, left = torch.randint(side - _CROP, (2,)).tolist()
            crop = pixels[int(torch.randint(len(pixels), ())), look]
            crop = crop[top : top + _CROP, left : left + _CROP].permute(2, 0, 1)
            crops.append(crop.float() / 127.5 - 1)
        shown = torch.stack(crops).to(given.device)
        # Drawn pictures are never as sharp and as clean as rendered ones.
        if torch.rand(()) < 0.3:
            shown = functional.avg_pool2d(functional.pad(shown, (1, 1, 1, 1), "replicate"), 3, 1)
        shown = shown + 0.05 * torch.rand(()) * torch.randn_like(shown)
        light = torch.rand(len(shown), 1, 1, 1, device=given.device)
        scores = viewer(shown * (0.9 + 0.2 * light))
        answers = said[wanted].to(given.device)
        right = (scores.argmax(1) == answers).float().mean()
        loss = functional.cross_entropy(scores, answers, label_smoothing=0.05)
        return {"loss": loss, "named": right}

    training.run(step)
    save_file(viewer.state_dict(), course.folder / FILE)


@torch.inference_mode()
def name_seen(viewer: Viewer, picture: Tensor) -> str:
    """The look of a picture (3, H, W) in -1 to 1.

    It is judged in parts of the size that the judge learnt from: the strongest trace of anything is
    stronger the more there is to look at.
    """
    side = min(_CROP, *picture.shape[1:])
    parts = picture.unfold(1, side, side // 2).unfold(2, side, side // 2)
    scores = viewer(parts.permute(1, 2, 0, 3, 4).reshape(-1, 3, side, side))
    return NAMED[int(scores.log_softmax(1).mean(0).argmax())]


def load_viewer(given: Options) -> Viewer:
    """The trained judge, on the CPU."""
    viewer = Viewer()
    viewer.load_state_dict(load_file(given.out / "viewer" / FILE))
    return viewer.eval()


if __name__ == "__main__":
    start(__doc__, lambda given: train_viewer(given, given.minutes))
