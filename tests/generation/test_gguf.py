"""Transformers in GGUF: told by their headers, drawn from their blocks, refused where damaged."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gguf
import pytest
import torch
from safetensors.torch import load_file

from generation.catalogue.checkpoints import choose_card, list_files
from generation.catalogue.families import find_card
from generation.catalogue.gguf_headers import read_gguf
from generation.catalogue.headers import WeightsError
from generation.catalogue.memory_plans import Room
from generation.catalogue.signatures import UNET, UndrawnError
from generation.families import pipelines
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.sampling.engine import Engine
from tests.generation.lora_kinds import build_kind
from tests.generation.samples import recipe_for
from tests.generation.single_files import write_transformer
from tests.generation.test_families import Folders, distance, draw
from tests.generation.test_lora_kinds import try_on

CPU = torch.device("cpu")
SMALL = gguf.GGMLQuantizationType.Q8_0


def write_gguf(family: str, folder: Path, file: Path) -> Path:
    """The transformer of a folder in GGUF, its matrices in blocks of 32 numbers of 8 bits."""
    weights = load_file(write_transformer(family, folder, file.with_suffix(".safetensors")))
    writer = gguf.GGUFWriter(file, family)
    writer.add_array("tokens", ["a", "b"])
    writer.add_array("numbers", [1, 2, 3])
    for key, tensor in weights.items():
        data = tensor.float().numpy()
        if data.ndim == 2 and data.shape[1] % 32 == 0 and key.endswith(".weight"):
            blocks = gguf.quants.quantize(data, SMALL)
            writer.add_tensor(key.removeprefix(UNET), blocks, raw_dtype=SMALL)
        else:
            writer.add_tensor(key.removeprefix(UNET), data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


@pytest.mark.parametrize("family", ["z-image", "qwen-image-edit", "flux2-klein"])
def test_draws_nearly_what_its_folder_draws(
    folders: Folders, engines: Callable[[str], Engine], tmp_path: Path, family: str
) -> None:
    folder = folders(family)
    file = write_gguf(family, folder, tmp_path / "one.gguf")
    header, whole = read_gguf(file), load_file(file.with_suffix(".safetensors"))
    assert dict(header.shapes) == {k.removeprefix(UNET): tuple(v.shape) for k, v in whole.items()}
    assert set(header.formats.values()) == {"F32", "Q8_0"}
    chosen = choose_card(str(file))
    assert chosen.id == family
    card = replace(chosen, base=str(folder))
    one, other = load(card, str(file), CPU), engines(family)
    recipe = recipe_for(other, guidance=other.card.guidance)
    assert 0 < distance(draw(one, recipe)[0], draw(other, recipe)[0]) < 4
    lora = build_kind(tmp_path / "lora.safetensors", other.pipe, "peft", "diffusers", r"to_q$")
    assert try_on(one, lora) > 0


def test_whatever_the_card_its_own_bits_stay(
    folders: Folders, engines: Callable[[str], Engine], tmp_path: Path
) -> None:
    folder, other = folders("z-image"), engines("z-image")
    file = write_gguf("z-image", folder, tmp_path / "one.gguf")
    card = replace(find_card("z-image"), base=str(folder))
    small = load(card, str(file), CPU, room=Room(wanted="fp8"))
    assert small.pipe.text_encoder.dtype == torch.float32
    recipe = recipe_for(other, guidance=other.card.guidance)
    assert distance(draw(small, recipe)[0], draw(other, recipe)[0]) < 8


def test_without_what_reads_it_it_is_one_sentence(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_gguf("z-image", folders("z-image"), tmp_path / "one.gguf")
    monkeypatch.setattr(pipelines, "find_spec", lambda _: None)
    card = replace(find_card("z-image"), base=str(folders("z-image")))
    with pytest.raises(ModelError, match=r"one\.gguf is quantised with GGUF, which is not inst"):
        load(card, str(file), CPU)


def test_what_is_damaged_or_no_transformer_is_told(folders: Folders, tmp_path: Path) -> None:
    file = write_gguf("z-image", folders("z-image"), tmp_path / "one.gguf")
    data = file.read_bytes()
    assert list_files(tmp_path) == [file, file.with_suffix(".safetensors")]
    for cut in (2, 10, 30, 200, len(data) // 2, len(data) - 40):
        file.write_bytes(data[:cut])
        with pytest.raises(WeightsError, match=r"^one\.gguf [^\n]*(damaged|cut short|no GGUF)"):
            choose_card(str(file))
    file.write_bytes(b"GGUF" + (9).to_bytes(4, "little") + bytes(16))
    with pytest.raises(WeightsError, match="of a GGUF version that Easel does not read"):
        read_gguf(file)
    writer = gguf.GGUFWriter(file, "sd1")
    name = f"{UNET}input_blocks.0.0.weight"
    writer.add_tensor(name, torch.zeros(8, 4, 3, 3).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(UndrawnError, match="a UNet in GGUF, and Easel reads transformers alone"):
        choose_card(str(file))
