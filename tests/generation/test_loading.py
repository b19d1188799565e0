"""Loading for a device: its number format, and what is refused before anything is read."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from generation.catalogue.families import find_card
from generation.families import load as families
from generation.families.load import load
from generation.families.model_error import ModelError

CPU = torch.device("cpu")


@pytest.fixture
def old_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a card without bfloat16."""
    monkeypatch.setattr(families, "choose_precision", lambda _: torch.float16)


@pytest.mark.usefixtures("old_card")
@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_without_bfloat16_the_autoencoder_computes_in_float32(
    folders: Callable[[str], Path], family: str
) -> None:
    pipe = load(find_card(family), str(folders(family)), CPU).pipe
    assert (pipe.unet.dtype, pipe.vae.dtype) == (torch.float16, torch.float32)


@pytest.mark.usefixtures("old_card")
@pytest.mark.parametrize("family", ["flux2-klein", "z-image", "flux1-dev", "qwen-image-edit"])
def test_what_overflows_in_float16_is_refused_in_one_sentence(tmp_path: Path, family: str) -> None:
    card = find_card(family)
    with pytest.raises(ModelError, match=f"^{card.title} needs a card that computes in bfloat16"):
        load(card, str(tmp_path), CPU)
