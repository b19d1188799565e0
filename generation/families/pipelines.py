"""Pipelines of diffusers from what lies on this machine: folders, single files, denoisers alone.

Loading downloads nothing: commands do, which show licences first.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import diffusers
import torch
from diffusers import AutoencoderKL, DiffusionPipeline, GGUFQuantizationConfig
from huggingface_hub import snapshot_download, try_to_load_from_cache
from safetensors import SafetensorError
from safetensors.torch import load_file

from generation.catalogue.card import Card
from generation.catalogue.checkpoints import (
    explain_lacks,
    find_folder,
    is_file,
    read_json,
    tell_missing,
)
from generation.catalogue.families import find_card, find_known
from generation.catalogue.gguf_headers import KIND as GGUF
from generation.catalogue.headers import KIND, WeightsError, read_header
from generation.catalogue.misplaced import INDEX
from generation.catalogue.parts import choose_variant, list_faults
from generation.catalogue.signatures import TWINS, UNET, VAE, read_signature
from generation.catalogue.sources import SourceError, read_source, split_revision
from generation.families.clip_words import make_tokenizer
from generation.families.embeddings import learn_words
from generation.families.layouts import LAYOUTS, read_autoencoder, write_configs
from generation.families.model_error import ModelError
from generation.families.widening import widen
from generation.sampling.engine import Code

_FAULTS: Final = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    RuntimeError,
    ImportError,
    StopIteration,
)
"""What diffusers and transformers raise for files that do not fit; they have no types of their own.
"""


def load_pipeline(family: Code, card: Card, model: str, dtype: torch.dtype) -> Any:  # noqa: ANN401
    """The pipeline of a checkpoint, put together as its card says.

    Args:
        family: Its family.
        card: Its card.
        model: Safetensors file, folder, or hub id with ``@`` and a revision behind it if wanted.
        dtype: The number format of its weights.

    Raises:
        ModelError: It is missing, damaged, or not of the family.
    """
    parts = {"vae": _load_vae(card, dtype)} if card.vae else {}
    if is_file(model):
        pipe = _load_file(family, card, Path(model), dtype, **parts)
        card = _heed(card, Path(model))
    else:
        pipe = _load_folder(family, require_folder(model), dtype, **parts)
    # DiffusionPipeline takes the class from the files, so it loads any family's checkpoint.
    if type(pipe).__name__ != family.pipeline:
        raise ModelError(f"the model is a {type(pipe).__name__}, not a {card.title}")
    # A folder or a file is taken as it is, with the UNet that is in it.
    if card.unet and not Path(model).exists():
        _replace_unet(pipe, card.unet)
    _wear(pipe, card)
    learn_words(pipe, card)
    _set_schedule(pipe, card)
    if name := next(_list_empty(pipe), ""):
        raise ModelError(f"the model is not whole: weights of its {name} are missing")
    return pipe


def require_folder(model: str) -> Path:
    """The folder of a checkpoint: the one that is named, or of what was fetched.

    Raises:
        ModelError: It is not on this machine.
    """
    found = find_folder(model)
    if found is None:
        raise ModelError(tell_missing(model))
    return found


def find_file(repository: str, name: str) -> Path:
    """A file of the hub that is on this machine.

    Raises:
        ModelError: It is not here.
    """
    found = try_to_load_from_cache(repository, name)
    if not isinstance(found, str):
        raise ModelError(tell_missing(repository))
    return Path(found)


def require_fetched(*sources: str) -> None:
    """Go on if what stands beside a model is on this machine.

    Args:
        sources: Folders or hub ids, with ``@`` and a revision behind each if wanted; empty ones are
            passed over.

    Raises:
        ModelError: One is not here.
    """
    for source in filter(None, sources):
        if "#" in source:
            _require_file(source)
            continue
        name, options = split_revision(source)
        # Whoever loads a folder says what is wrong with it, and without its path.
        if Path(source).is_dir() or Path(source).is_absolute():
            continue
        try:
            snapshot_download(name, **options)
        # A name that is no hub id is a ValueError of the client's.
        except (OSError, ValueError):
            raise ModelError(_tell_absent(name)) from None


def _require_file(source: str) -> None:
    """Go on if a single file that stands beside a model is on this machine."""
    try:
        read_source(source).find()
    except (OSError, SourceError):
        place = source.partition("#")[2] or source
        raise ModelError(_tell_absent(place)) from None


def _tell_absent(name: str) -> str:
    return (
        f"{name} is not on this machine yet: `easel models fetch` without a name brings all that"
        " the settings name"
    )


def _load_folder(family: Code, folder: Path, dtype: torch.dtype, **parts: Any) -> Any:  # noqa: ANN401
    # What is given already need not be there.
    faults = (one for one in list_faults(folder) if one.split()[0].split("/")[0] not in parts)
    if says := next(faults, ""):
        raise ModelError(f"the model cannot be loaded: {says}")
    _require_quantisers(folder)
    try:
        return DiffusionPipeline.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            variant=choose_variant(folder),
            **family.options,
            **parts,
        )
    except _FAULTS as error:
        raise ModelError(
            "the model could not be loaded: it needs a file, a folder or a hub id in the diffusers"
            " layout with safetensors weights; `easel models fetch` completes what broke off"
        ) from error


_QUANTISERS: Final = {
    "bitsandbytes": "bitsandbytes",
    "bitsandbytes_4bit": "bitsandbytes",
    "bitsandbytes_8bit": "bitsandbytes",
    "torchao": "torchao",
    "gguf": "gguf",
    "quanto": "optimum.quanto",
    "sdnq": "sdnq",
    "nunchaku": "nunchaku",
}
"""The package that reads each way of quantising."""


def _require_quantisers(folder: Path) -> None:
    for config in sorted(folder.glob("*/config.json")):
        stated = read_json(config).get("quantization_config") or {}
        method = str(stated.get("quant_method", "")).lower()
        package = _QUANTISERS.get(method, method)
        if method and find_spec(package.partition(".")[0]) is None:
            raise ModelError(
                f"the model's {config.parent.name} is quantised with {method}, which is not"
                f" installed here: `pip install {package.replace('.', '-')}`, or take the model's"
                " 16-bit version"
            )


def _load_file(
    family: Code,
    card: Card,
    file: Path,
    dtype: torch.dtype,
    **parts: Any,  # noqa: ANN401 - diffusers has no types
) -> Any:  # noqa: ANN401
    try:
        found = read_signature(file)
    except WeightsError as error:
        raise ModelError(str(error)) from None
    own = find_known(found.family)
    if own.id != family.id and not any({own.id, family.id} <= alike for alike in TWINS):
        raise ModelError(f"{file.name} is {own.title}, not {card.title}")
    if says := explain_lacks(file, card):
        raise ModelError(says)
    if not found.whole:
        return _load_around(family, card, file, dtype, **parts)
    return _build(family, file, dtype, **parts)


def _build(
    family: Code,
    file: Path,
    dtype: torch.dtype,
    **parts: Any,  # noqa: ANN401 - diffusers has no types
) -> Any:  # noqa: ANN401
    """The pipeline of a whole file, with configurations read off its tensors."""
    own = find_card(family.id)
    words = {"tokenizer": make_tokenizer()}
    if "text_encoder_2" in LAYOUTS[family.id].encoders:
        # OpenCLIP fills its windows with the token of number 0.
        words["tokenizer_2"] = make_tokenizer("!")
    shapes = read_header(file).shapes
    with TemporaryDirectory(prefix="easel-") as place:
        try:
            write_configs(shapes, family.id, Path(place), autoencoder=not parts)
            pipe = getattr(diffusers, family.pipeline).from_single_file(
                _call_usual(file, Path(place)), config=place, dtype=dtype, local_files_only=True,
                **words, **parts, **family.options,
            )  # fmt: skip
        except _FAULTS as error:
            raise ModelError(
                f"{file.name} could not be loaded: its tensors are not those of {own.title}"
            ) from error
    # What no layer takes diffusers leaves out in silence, and the pictures would be another's.
    if sum(key.startswith(UNET) for key in shapes) > len(pipe.unet.state_dict()):
        raise ModelError(
            f"{file.name} could not be loaded: its UNet has layers that {own.title} has not"
        )
    return pipe


def _call_usual(file: Path, place: Path) -> str:
    """A path by which diffusers knows a safetensors file: it goes by small letters alone."""
    if file.suffix == KIND:
        return str(file)
    link = place / f"model{KIND}"
    link.symlink_to(file.resolve())
    return str(link)


def _load_around(
    family: Code,
    card: Card,
    file: Path,
    dtype: torch.dtype,
    **parts: Any,  # noqa: ANN401 - diffusers has no types
) -> Any:  # noqa: ANN401
    """The pipeline of a denoiser's file, whose other parts the family's own checkpoint lends."""
    folder = require_folder(card.base or card.model)
    if file.suffix.lower() == GGUF and find_spec("gguf") is None:
        raise ModelError(
            f"{file.name} is quantised with GGUF, which is not installed here: pip install"
            " 'easel[quantised]', or take the model's safetensors version"
        )
    kind = getattr(diffusers, read_json(folder / INDEX)["transformer"][1])
    try:
        weights, quantised = _open_weights(file, dtype)
        transformer = kind.from_single_file(
            weights,
            config=str(folder),
            subfolder="transformer",
            dtype=dtype,
            local_files_only=True,
            **quantised,
        )
    except (*_FAULTS, SafetensorError) as error:
        raise ModelError(
            f"{file.name} could not be loaded: its tensors do not fit {find_card(family.id).title}"
        ) from error
    return _load_folder(family, folder, dtype, transformer=transformer, **parts)


def _open_weights(file: Path, dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
    """What a denoiser is made of, and what it takes to read that."""
    if file.suffix.lower() != GGUF:
        # Not all of diffusers' conversions take the prefix that files of some programs have.
        named = {key.removeprefix(UNET): one for key, one in load_file(file).items()}
        return widen(named, dtype), {}
    return str(file), {"quantization_config": GGUFQuantizationConfig(compute_dtype=dtype)}


def _replace_unet(pipe: Any, place: str) -> None:  # noqa: ANN401 - diffusers has no types
    """Give a pipeline the UNet that lies in a repository, behind ``#``."""
    repository, _, name = place.partition("#")
    file = find_file(repository, name)
    try:
        # Strict, so that a UNet of another structure is refused here.
        pipe.unet.load_state_dict(load_file(file))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(f"{name} cannot be loaded; fetch the model again") from error


def _load_vae(card: Card, dtype: torch.dtype) -> Any:  # noqa: ANN401 - diffusers has no types
    """The autoencoder that stands in place of a model's own."""
    place, name = card.vae, Path(card.vae).name
    try:
        if is_file(place):
            return _load_vae_file(card, Path(place), dtype)
        folder = require_folder(place)
        # Alone in a repository, or a part of a checkpoint.
        return AutoencoderKL.from_pretrained(
            folder / "vae" if (folder / "vae").is_dir() else folder,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
        )
    except (ModelError, WeightsError) as error:
        raise ModelError(f"the autoencoder of {card.title} cannot be used: {error}") from None
    except _FAULTS as error:
        raise ModelError(f"the autoencoder {name} could not be loaded for {card.title}") from error


def _load_vae_file(card: Card, file: Path, dtype: torch.dtype) -> Any:  # noqa: ANN401
    if card.id not in LAYOUTS:
        raise ModelError(f"{card.title} takes an autoencoder in a folder alone")
    shapes = read_header(file).shapes
    lead = VAE if any(key.startswith(VAE) for key in shapes) else ""
    with TemporaryDirectory(prefix="easel-") as place:
        config = json.dumps(read_autoencoder(shapes, card.id, lead))
        (Path(place) / "config.json").write_text(config, encoding="utf-8")
        return AutoencoderKL.from_single_file(
            _call_usual(file, Path(place)), config=place, dtype=dtype, local_files_only=True
        )


def _wear(pipe: Any, card: Card) -> None:  # noqa: ANN401 - diffusers has no types
    """Make a LoRA a part of the weights, as if the model had been published so."""
    if not card.worn:
        return
    place, _, weight = card.worn.partition("|")
    try:
        pipe.load_lora_weights(load_file(place), adapter_name="own")
        pipe.fuse_lora(lora_scale=float(weight or 1), adapter_names=["own"])
        pipe.unload_lora_weights()
    except (*_FAULTS, SafetensorError) as error:
        raise ModelError(
            f"the LoRA {Path(place).name} of the model's settings does not fit {card.title}"
        ) from error


def _heed(card: Card, file: Path) -> Card:
    """The card with what a file says of its schedule, where nothing else does."""
    found = read_signature(file)
    velocity = card.velocity if card.velocity is not None else found.velocity or None
    return replace(card, velocity=velocity, terminal=card.terminal or found.terminal)


def _set_schedule(pipe: Any, card: Card) -> None:  # noqa: ANN401 - diffusers has no types
    """Have the schedule be what the model was trained with, where its files do not say it."""
    changed: dict[str, object] = {}
    if card.velocity is not None:
        changed["prediction_type"] = "v_prediction" if card.velocity else "epsilon"
    if card.terminal:
        # The last timestep has to be visited, or there is noise left that was never there.
        changed |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    if card.spacing:
        # Some distilled models know other timesteps than their base model's files say.
        changed["timestep_spacing"] = card.spacing
    if changed:
        config = dict(pipe.scheduler.config)
        # What stands there is not read from a configuration, but left to each scheduler's default.
        unsaid = set(config.get("_use_default_values", ())) - changed.keys()
        config |= {**changed, "_use_default_values": [*unsaid]}
        # In the configuration, and so for samplers that know it where this scheduler does not.
        pipe.scheduler = type(pipe.scheduler).from_config(config)


def _list_empty(pipe: Any) -> Iterator[str]:  # noqa: ANN401 - diffusers has no types
    """Names of the parts that no weights were found for."""
    for name, part in pipe.components.items():
        if isinstance(part, torch.nn.Module) and any(one.is_meta for one in part.parameters()):
            yield name
