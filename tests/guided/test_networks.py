"""The networks of the guide-driven model, and how it draws."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from generation.catalogue.looks import ALSO, LIGHTS, LOOKS, MEDIA
from generation.guided.checkpoint import Networks, quicken, read_networks, write_networks
from generation.guided.denoiser import Guide
from generation.guided.drawing import (
    RIGHT,
    Request,
    Walk,
    draw_pictures,
    finish,
    fit_sides,
    make_noise,
    mix_guides,
    name_look,
    place_strength,
    read_look,
    restyle,
    widen,
)
from generation.guided.latents import PATCH
from tests.guided.conftest import CHANNELS, scene, some_latents

PICTURE = torch.from_numpy(scene(1, 64, 96)).permute(2, 0, 1)[None] * 2 - 1


def request_of(networks: Networks, kind: Guide, begin: float = RIGHT) -> Request:
    return Request(
        guide=networks.latents.encode(PICTURE).expand(2, -1, -1, -1),
        kind=kind,
        look=name_look(networks, ["watercolour"]).expand(2, -1),
        words=torch.zeros(2, 256),
        begin=begin,
    )


def test_latents_are_a_projection() -> None:
    latents = some_latents(24)
    shown = latents.decode(latents.encode(PICTURE))
    assert shown.shape == PICTURE.shape
    torch.testing.assert_close(latents.decode(latents.encode(shown)), shown, atol=1e-4, rtol=1e-4)
    complete = some_latents(3 * PATCH * PATCH)
    torch.testing.assert_close(
        complete.decode(complete.encode(PICTURE)), PICTURE, atol=1e-4, rtol=1e-4
    )


@torch.no_grad()
def test_an_untrained_decoder_adds_a_bias_at_most(networks: Networks) -> None:
    latents = networks.latents.encode(PICTURE)
    assert networks.decoder(latents).abs().max() > 1e-3
    fresh = type(networks.decoder)(CHANNELS)
    bias = fresh.leave.bias
    assert bias is not None
    assert fresh(latents).abs().max() <= bias.abs().max()


@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 12), (20, 4)])
def test_the_denoiser_takes_any_size(networks: Networks, height: int, width: int) -> None:
    noisy = torch.randn(2, CHANNELS, height, width)
    made = networks.denoiser(
        noisy,
        torch.tensor([0.3, 1.2]),
        torch.randn_like(noisy),
        haze=torch.zeros(2),
        kind=torch.tensor([int(Guide.PLAN), int(Guide.PICTURE)]),
        look=networks.denoiser.name_looks([2]).expand(2, -1),
    )
    assert made.shape == noisy.shape


def test_a_look_and_a_guide_change_what_is_drawn(networks: Networks) -> None:
    noise = make_noise([1, 2], (CHANNELS, 8, 12))
    walk = Walk(steps=4)
    first = draw_pictures(networks, request_of(networks, Guide.PICTURE), noise, walk)
    again = draw_pictures(networks, request_of(networks, Guide.PICTURE), noise, walk)
    assert torch.equal(first, again)
    other = replace(request_of(networks, Guide.PICTURE), look=name_look(networks, ["night"]))
    for changed in (other, request_of(networks, Guide.NOTHING), request_of(networks, Guide.PLAN)):
        assert not torch.allclose(draw_pictures(networks, changed, noise, walk), first, atol=1e-5)


def test_a_picture_is_drawn_alike_alone_and_among_others(networks: Networks) -> None:
    look = name_look(networks, ["anime"])
    both = restyle(networks, PICTURE, look, seeds=[5, 6], walk=Walk())
    alone = restyle(networks, PICTURE, look, seeds=[6], walk=Walk())
    assert not torch.allclose(both[0], both[1], atol=1e-2)
    torch.testing.assert_close(both[1:], alone, atol=0.03, rtol=0)


def test_no_strength_gives_the_picture_back(networks: Networks) -> None:
    look = name_look(networks, ["night"])
    made = restyle(networks, PICTURE, look, seeds=[1, 2], walk=Walk(strength=0))
    assert torch.equal(made, PICTURE.expand(2, -1, -1, -1))


def test_strength_adds_noise_steadily() -> None:
    begins, hazes = zip(*(place_strength(s / 20) for s in range(21)), strict=True)
    assert list(begins) == sorted(begins)
    assert begins[-1] == RIGHT
    assert list(hazes) == sorted(hazes)
    assert hazes[8] == 0
    assert 0 < hazes[-1] < RIGHT


def test_guidance_of_one_asks_once(networks: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    whole = type(networks.denoiser).forward

    def count(self: object, noisy: Tensor, *given: Tensor, **told: Tensor) -> Tensor:
        asked.append(told["kind"])
        made: Tensor = whole(self, noisy, *given, **told)  # type: ignore[arg-type]
        return made

    monkeypatch.setattr(type(networks.denoiser), "forward", count)
    noise = make_noise([1, 2], (CHANNELS, 8, 12))
    draw_pictures(networks, request_of(networks, Guide.PLAN), noise, Walk(steps=4, guidance=1))
    assert len(asked) == 4
    asked.clear()
    draw_pictures(networks, request_of(networks, Guide.PLAN), noise, Walk(steps=4, guidance=2))
    assert len(asked) == 8
    assert {int(kind[0]) for kind in asked} == {int(Guide.PLAN)}
    # What was distilled is a matter of images alone.
    distilled = replace(networks, guidance=2.0)
    for kind, guidance, passes in (
        (Guide.PICTURE, 2, 4),
        (Guide.PICTURE, 3, 8),
        (Guide.PLAN, 1, 4),
        (Guide.PLAN, 2, 8),
    ):
        asked.clear()
        walk = Walk(steps=4, guidance=guidance)
        draw_pictures(distilled, request_of(networks, kind), noise, walk)
        assert len(asked) == passes


def test_what_was_distilled_and_what_is_asked_for_are_one_guidance(networks: Networks) -> None:
    noise = make_noise([1, 2], (CHANNELS, 8, 12))
    asked = request_of(networks, Guide.PICTURE)
    alone = draw_pictures(networks, asked, noise, Walk(steps=3, guidance=1.5))
    half = replace(networks, guidance=2.0)
    torch.testing.assert_close(draw_pictures(half, asked, noise, Walk(steps=3, guidance=3)), alone)


def test_looks_mix(networks: Networks) -> None:
    one, two, light = (name_look(networks, [w]) for w in ("anime", "crayon", "fog"))
    torch.testing.assert_close(name_look(networks, ["anime", "crayon"]), (one + two) / 2)
    torch.testing.assert_close(name_look(networks, ["crayon", "fog"]), two + light)
    torch.testing.assert_close(name_look(networks, ["fog"]), light)
    with pytest.raises(ValueError, match="sfumato"):
        name_look(networks, ["sfumato"])
    assert read_look(networks, PICTURE).shape == (1, len(one))


def test_words_of_looks_are_of_one_look_each() -> None:
    spoken = [word for words in ALSO.values() for word in words]
    assert len(set(spoken)) == len(spoken)
    assert not set(spoken) & set(LOOKS)
    assert set(ALSO) == set(LOOKS)
    assert len(LOOKS) == len(set(LOOKS))
    assert set(LOOKS) > {*MEDIA, *LIGHTS}


def test_guides_mix_from_one_to_the_other() -> None:
    first, second = torch.randn(2, CHANNELS, 4, 4), torch.randn(2, CHANNELS, 4, 4)
    assert torch.equal(mix_guides(first, second, 0), first)
    assert torch.equal(mix_guides(first, second, 1), second)
    torch.testing.assert_close(mix_guides(first, second, 0.5), (first + second) / 2)


def test_the_planner_reads_only_the_text(networks: Networks) -> None:
    states, length = torch.randn(2, 9, 256), torch.tensor([3, 9])
    none = torch.zeros(2, 256)
    assert networks.planner is not None
    plan = networks.planner(states, length, none, none)
    assert plan.shape == (2, CHANNELS, 4, 4)
    changed = states.clone()
    changed[0, 3:] = 7
    torch.testing.assert_close(networks.planner(changed, length, none, none), plan)
    referred = networks.planner(states, length, none + 1, none)
    assert not torch.allclose(referred, plan, atol=1e-3)


def test_a_plan_is_laid_in_the_middle_of_another_ratio() -> None:
    plan, ground = torch.ones(1, CHANNELS, 4, 4), torch.full((1, CHANNELS), 3.0)
    wide = widen(plan, 4, 8, ground)
    assert wide.shape == (1, CHANNELS, 4, 8)
    assert wide[0, 0, 0].tolist() == [3, 3, 1, 1, 1, 1, 3, 3]
    tall = widen(plan, 7, 4, ground)
    assert tall[0, 0, :, 0].tolist() == [3] + [1] * 4 + [3, 3]


def test_sides_keep_the_ratio_and_fit_the_network() -> None:
    assert fit_sides(4000, 3000, 384 * 384) == (448, 320)
    assert fit_sides(500, 500, 384 * 384) == (384, 384)
    assert fit_sides(30, 3000, 384 * 384) == (32, 3840)


@pytest.mark.parametrize("planned", [True, False])
def test_a_checkpoint_comes_back(networks: Networks, tmp_path: Path, *, planned: bool) -> None:
    given = replace(networks, guidance=2.0, planner=networks.planner if planned else None)
    write_networks(tmp_path, given, {"licence": "CC-BY-4.0"})
    found = read_networks(tmp_path)
    assert (found.planner is not None) == planned
    assert (found.looks, found.guidance) == (LOOKS, 2.0)
    look = name_look(networks, ["woodblock print"])
    wanted = restyle(given, PICTURE, look, seeds=[3], walk=Walk())
    made = restyle(found, PICTURE, name_look(found, ["woodblock print"]), seeds=[3], walk=Walk())
    # float16 rounds weights; what is drawn differs by less than can be seen.
    torch.testing.assert_close(made, wanted, atol=0.05, rtol=0)
    quicken(found)
    assert read_look(found, PICTURE).dtype == torch.float32
    quick = restyle(found, PICTURE, name_look(found, ["woodblock print"]), seeds=[3], walk=Walk())
    torch.testing.assert_close(quick, made, atol=0.05, rtol=0)


def test_another_format_is_refused(networks: Networks, tmp_path: Path) -> None:
    write_networks(tmp_path, networks, {"format": "easel-guided-0"})
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace("easel-guided-1", "easel-guided-9"))
    with pytest.raises(ValueError, match="easel-guided-1"):
        read_networks(tmp_path)


def test_an_exact_decode_takes_weights_that_are_held_in_16_bits(networks: Networks) -> None:
    latents = networks.latents.encode(PICTURE)
    held = replace(networks, decoder=deepcopy(networks.decoder).bfloat16())
    exact = finish(held, latents, exact=True)
    torch.testing.assert_close(exact, finish(networks, latents, exact=True), atol=0.05, rtol=0)
    assert next(held.decoder.parameters()).dtype == torch.bfloat16
