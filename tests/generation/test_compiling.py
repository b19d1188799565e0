"""Compiled blocks draw the same, and are there before the first job."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch

from generation.catalogue.families import find_card
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.runtime.compiling import CACHE, compile_blocks, keep_compiled
from generation.runtime.trial import compose_recipe
from generation.sampling.engine import Batching, Engine
from tests.generation.samples import quiet

CPU = torch.device("cpu")


@pytest.fixture
def klein(folders: Callable[[str], Path]) -> Engine:
    """A tiny model of its own, whose usual pictures are tiny."""
    card = replace(find_card("flux2-klein"), side=64)
    return replace(load(card, str(folders("flux2-klein")), CPU), batching=Batching(4))


def count_graphs() -> int:
    return sum(torch._dynamo.utils.counters["stats"].values())


def test_once_warm_nothing_more_is_compiled(klein: Engine) -> None:
    grid = compose_recipe(klein.card, "klein", steps=2)
    before = [picture.tobytes() for picture in klein.draw(grid, None, quiet)]
    compile_blocks(klein, backend="eager")
    warm = count_graphs()
    assert warm > 0
    assert [picture.tobytes() for picture in klein.draw(grid, None, quiet)] == before
    assert count_graphs() == warm


def test_a_grid_that_finds_no_memory_is_drawn_one_at_a_time(
    klein: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = klein.denoiser.forward

    def crowd(*given: Any, hidden_states: torch.Tensor, **named: Any) -> Any:
        if len(hidden_states) > 1:
            raise torch.OutOfMemoryError
        return work(*given, hidden_states=hidden_states, **named)

    monkeypatch.setattr(klein.denoiser, "forward", crowd)
    compile_blocks(klein, backend="eager")
    assert list(klein.rungs.values()) == [1]


def test_a_compiler_that_fails_is_one_sentence(
    klein: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(klein.denoiser, "compile_repeated_blocks", fail)
    with pytest.raises(ModelError, match="cannot be compiled here; take EASEL_COMPILE=on away"):
        compile_blocks(klein)


def test_what_was_compiled_is_kept_where_nobody_said_otherwise(tmp_path: Path) -> None:
    with mock.patch.dict(os.environ):
        os.environ.pop(CACHE, None)
        for name in ("compiled", "elsewhere"):
            keep_compiled(tmp_path / name)
            assert os.environ[CACHE] == str(tmp_path / "compiled")
