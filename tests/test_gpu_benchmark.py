"""The way that the GPU benchmark goes, gone in small on the CPU."""

import json
from typing import Any

import pytest
import torch
from diffusers import Flux2Transformer2DModel, UNet2DConditionModel

from benchmarks import gpu
from generation.tensors.float8 import Linear8

REHEARSAL = ["--rehearse", "--rounds", "1", "--seconds", "100000"]
"""It ends its process when that time is over, which here is that of other tests as well."""


def test_both_ways_draw_and_are_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tracing takes longest by far: with fp8 it meets all that it meets without, and more.
    whole, traced = Flux2Transformer2DModel.compile_repeated_blocks, list[str]()

    def trace(denoiser: torch.nn.Module, **given: Any) -> None:
        traced.append(type(denoiser).__name__)
        if any(isinstance(one, Linear8) for one in denoiser.modules()):
            whole(denoiser, **given)

    for kind in (UNet2DConditionModel, Flux2Transformer2DModel):
        monkeypatch.setattr(kind, "compile_repeated_blocks", trace)
    gpu.main(REHEARSAL)
    assert traced == [f"{kind}Model" for kind in ("UNet2DCondition", *["Flux2Transformer2D"] * 2)]
    told = json.loads(capsys.readouterr().out)
    assert told["device"] == "cpu"
    assert told["whole"]
    for family in ("sdxl", "flux2-klein"):
        found = told[family]
        small = {"ours, fp8", "ours, fp8, compiled"} if family == "flux2-klein" else set[str]()
        assert set(found["seconds"]) == {"plain", "ours", "ours, one", "ours, compiled"} | small
        assert "failed" not in found
        assert found["one picture, of a grid"] > 0
        assert min(found["seconds"].values()) > 0
        assert found["ours, times the floor"] > 1
    assert torch.get_default_dtype() == torch.float32


def test_what_fails_takes_no_other_figures_along(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate")

    monkeypatch.setattr(gpu, "STAGES", gpu.STAGES[::3])
    monkeypatch.setattr(Flux2Transformer2DModel, "compile_repeated_blocks", fail)
    gpu.main(REHEARSAL)
    told = json.loads(capsys.readouterr().out)
    assert told["sdxl"]["ours, times faster"] > 0
    assert told["flux2-klein"]["failed"] == {"compiled": "OutOfMemoryError: CUDA out of memory."}


def test_the_full_shapes_are_as_large_as_the_published_models() -> None:
    sdxl, klein = gpu.FULL
    with torch.device("meta"):
        sizes = [
            sum(weight.numel() for weight in model.parameters()) / 1e9
            for model in (
                UNet2DConditionModel(**sdxl.denoiser),
                Flux2Transformer2DModel(**klein.denoiser),
            )
        ]
    assert sizes == pytest.approx([2.57, 3.88], abs=0.01)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, so it would run in full")
def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    gpu.main([])
    assert "needs CUDA" in capsys.readouterr().out
