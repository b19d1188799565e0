"""Files of transformers in scaled fp8, as ComfyUI writes them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor

from generation.catalogue.checkpoints import choose_card
from generation.catalogue.headers import Header
from generation.catalogue.signatures import UndrawnError, tell_signature
from generation.families.load import load
from generation.families.widening import widen
from tests.generation.single_files import write_transformer

CPU = torch.device("cpu")
LARGEST = 448.0
"""Of the format with the finer steps."""


def quantise(weight: Tensor, *, by_row: bool) -> tuple[Tensor, Tensor]:
    """A weight of 8 bits, and its factor."""
    size = weight.abs().amax(1, keepdim=True) if by_row else weight.abs().max()
    factor = (size / LARGEST).clamp_min(1e-12).float()
    return (weight / factor).to(torch.float8_e4m3fn), factor


@pytest.mark.parametrize("later", [False, True])
def test_a_transformer_in_8_bits_has_the_weights_that_its_factors_say(
    folders: Callable[[str], Path], tmp_path: Path, *, later: bool
) -> None:
    folder = folders("z-image")
    plain = load_file(write_transformer("z-image", folder, tmp_path / "whole.safetensors"))
    scaled, meant = dict(plain), dict(plain)
    for name, weight in plain.items():
        if name.endswith(".weight") and weight.ndim == 2:
            small, factor = quantise(weight, by_row=later)
            layer = name.removesuffix(".weight")
            scaled[name], meant[name] = small, small.float() * factor
            scaled[f"{layer}{'.weight_scale' if later else '.scale_weight'}"] = factor
            scaled[f"{layer}{'.comfy_quant' if later else '.scale_input'}"] = torch.ones(1)
    if not later:
        scaled["model.diffusion_model.scaled_fp8"] = torch.empty(0, dtype=torch.float8_e4m3fn)
    engines = []
    for name, weights in (("scaled", scaled), ("meant", meant)):
        file = tmp_path / f"{name}.safetensors"
        save_file({key: one.contiguous() for key, one in weights.items()}, file)
        chosen = choose_card(str(file))
        assert chosen.id == "z-image"
        engines.append(load(replace(chosen, base=str(folder)), str(file), CPU))
    one, other = (engine.pipe.transformer.state_dict() for engine in engines)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


@given(st.integers(1, 6), st.integers(1, 6), st.booleans(), st.integers(0, 2**31))
def test_widened_weights_are_near_what_they_were(
    rows: int, columns: int, by_row: bool, seed: int
) -> None:
    weight = torch.randn((rows, columns), generator=torch.Generator().manual_seed(seed))
    small, factor = quantise(weight, by_row=by_row)
    wide = widen({"a.weight": small, "a.scale_weight": factor}, torch.float32)
    assert list(wide) == ["a.weight"]
    # Three bits behind the point, and steps that end where numbers are nearly nothing.
    near = weight.abs() / 16 + factor * 2**-9
    assert bool(((wide["a.weight"] - weight).abs() <= near).all())


@pytest.mark.parametrize(
    ("kind", "factor"),
    [("U8", (4, 1)), ("F8_E4M3", (4, 2)), ("F8_E4M3", (3,)), ("BF16", ())],
)
def test_other_ways_to_quantise_are_refused_in_one_sentence(
    kind: str, factor: tuple[int, ...]
) -> None:
    weight = "double_blocks.0.img_attn.qkv.weight"
    named = {weight: (4, 64), weight.replace(".weight", ".weight_scale"): factor}
    header = Header(named, {weight: kind})
    with pytest.raises(UndrawnError, match="quantised in a way that Easel does not read"):
        tell_signature("one.safetensors", header)
