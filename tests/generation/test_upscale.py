from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file

from generation.upscale import FILE, Compact, enlarge, load_compact


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
