from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter
from safetensors.torch import save_file

from generation.upscaling.bundled import FILE, Compact, enlarge, load_compact, sharpen


def test_a_file_tells_the_size_of_its_network(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Compact(width=8, depth=3, factor=2)
    save_file(network.state_dict(), tmp_path / FILE)
    loaded = load_compact(tmp_path / FILE)
    pictures = torch.rand(2, 3, 10, 6)
    assert loaded.factor == 2
    assert torch.equal(loaded(pictures), network(pictures))


def test_without_weights_of_its_own_it_repeats_pixels() -> None:
    network = Compact(width=4, depth=1, factor=4)
    for weight in network.parameters():
        torch.nn.init.zeros_(weight)
    picture = Image.new("RGB", (3, 2), (10, 20, 30))
    picture.putpixel((2, 1), (250, 0, 0))
    with torch.inference_mode():
        large = enlarge(network, picture)
    assert large.tobytes() == picture.resize((12, 8), Image.Resampling.NEAREST).tobytes()


def test_the_names_of_its_weights_are_those_of_published_files() -> None:
    names = set(Compact(width=4, depth=1, factor=4).state_dict())
    layers = {
        "0.weight",
        "0.bias",
        "1.weight",
        "2.weight",
        "2.bias",
        "3.weight",
        "4.weight",
        "4.bias",
    }
    assert names == {f"body.{layer}" for layer in layers}


def _soft_disc(side: int) -> Image.Image:
    large = Image.new("L", (side * 4, side * 4), 255)
    ImageDraw.Draw(large).ellipse((side, side, 3 * side, 3 * side), fill=30)
    return large.resize((side, side), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(1.2))


def _between(picture: Image.Image) -> float:
    """Share of pixels that are neither the disc's colour nor the ground's."""
    levels = np.asarray(picture.convert("L"))
    return float(((levels > 60) & (levels < 225)).mean())


def test_the_filter_makes_edges_crisp_and_keeps_shapes() -> None:
    disc = _soft_disc(64).convert("RGB")
    large = sharpen(disc, 4)
    plain = disc.resize((256, 256), Image.Resampling.LANCZOS)
    assert large.size == (256, 256)
    assert _between(large) < 0.4 * _between(plain)
    assert np.abs(np.asarray(large, float) - np.asarray(plain, float)).mean() < 8


def test_the_filter_leaves_plain_ground_and_gentle_shades_alone() -> None:
    shade = Image.linear_gradient("L").convert("RGB").resize((64, 64))
    plain = shade.resize((256, 256), Image.Resampling.BICUBIC)
    large = sharpen(shade, 4)
    assert np.abs(np.asarray(large, float) - np.asarray(plain, float)).max() < 8
    assert sharpen(Image.new("RGB", (8, 8), (9, 90, 200)), 2).getcolors() == [(256, (9, 90, 200))]
