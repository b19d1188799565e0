"""Poses: pictures of one plan differ by their noise, a little by a little, on plain ground."""

import torch
from torch import Tensor

from generation.guided.denoiser import Guide
from generation.guided.drawing import Known, Request
from generation.guided.plans import find_drawn
from generation.guided.poses import pose
from tests.guided.conftest import some_latents

LATENTS = some_latents(24)


def planned(*, posed: bool = True, scene: bool = False) -> Request:
    """A request by a plan: a red block on green, or two halves without a ground."""
    shown = torch.tensor([-0.5, 0.4, -0.4])[:, None, None].expand(3, 128, 128).clone()
    shown[:, 32:96, 24 if not scene else 0 : 80] = torch.tensor([0.8, -0.6, -0.6])[:, None, None]
    if scene:
        shown[:, :64] = 0.9
    guide = LATENTS.encode(shown[None])
    known = None if scene else Known(guide, find_drawn(guide))
    return Request(
        guide, Guide.PLAN, torch.zeros(1, 4), torch.zeros(1, 256), known=known, posed=posed
    )


def noise(count: int) -> Tensor:
    return torch.randn(count, 24, 16, 16, generator=torch.Generator().manual_seed(3))


def test_each_picture_has_a_pose_of_its_own_noise_whoever_is_beside_it() -> None:
    four = noise(4)
    posed = pose(planned(), four, LATENTS)
    assert len({tuple(row.flatten().tolist()) for row in posed.guide}) == 4
    alone = pose(planned(), four[2:3], LATENTS)
    assert torch.equal(alone.guide[0], posed.guide[2])


def test_a_little_other_noise_is_a_little_other_pose() -> None:
    first, other = noise(2).chunk(2)
    near = 0.98 * first + (1 - 0.98**2) ** 0.5 * other
    base, little, much = (pose(planned(), one, LATENTS).guide for one in (first, near, other))
    assert 0 < (base - little).abs().mean() < (base - much).abs().mean()


def test_the_ground_stays_plain_and_the_thing_stays_whole() -> None:
    request = planned()
    posed = pose(request, noise(8), LATENTS)
    assert posed.known is not None
    plain = posed.known.drawn == 0
    ground = request.guide[:, :, :1, :1].expand_as(posed.guide)
    assert torch.equal(posed.guide.masked_fill(~plain, 0), ground.masked_fill(~plain, 0))
    red = (LATENTS.decode(posed.guide)[:, 0] > 0.2).float().mean((1, 2))
    whole = (LATENTS.decode(request.guide)[:, 0] > 0.2).float().mean()
    assert ((red / whole > 0.65) & (red / whole < 1.1)).all()


def test_pixel_art_and_what_has_no_ground_stay_as_they_are() -> None:
    for request in (planned(posed=False), planned(scene=True)):
        posed = pose(request, noise(3), LATENTS)
        assert torch.equal(posed.guide, request.guide.expand(3, -1, -1, -1))
