"""Placing: a loaded pipeline laid on its device as a memory plan says."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any, Final

import torch
from accelerate import cpu_offload_with_hook
from diffusers import ModelMixin
from torch import nn

from faults import HostError
from generation.catalogue.footprints import Footprint
from generation.catalogue.memory_plans import MemoryPlan, Placing
from generation.tensors.float8 import FORMAT, reduce_layers

TEXT: Final = "text_encoder"
"""How the names of a pipeline's text encoders begin."""


class QuantisingError(HostError, RuntimeError):
    """Weights cannot be held in fewer bits; the text is one sentence."""


def measure_parts(pipe: Any, parts: Footprint) -> Footprint:  # noqa: ANN401 - diffusers has no types
    """A family's footprint with what the parts of a loaded pipeline really take.

    Args:
        pipe: The pipeline, wherever it lies, in the number formats that it computes in.
        parts: The footprint of its family.
    """
    text = sum(_weigh(part) for name, part in _list_parts(pipe) if name.startswith(TEXT))
    denoiser = _find_denoiser(pipe)
    # What was quantised before has no layers left to make smaller.
    layers = 0.0 if _is_quantised(denoiser) else parts.layers
    return replace(parts, text=text, denoiser=_weigh(denoiser), vae=_weigh(pipe.vae), layers=layers)


_LINE: Final = 64
"""Bytes that a processor reads at once; what PyTorch makes itself begins at multiples of it."""


def align(pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
    """Lay weights so that they begin where a processor's reads do.

    Weights lie in memory as in their file, and the last bit of a product may depend on where they
    begin: the same weights behind another header would draw a picture that differs by a rounding.
    """
    for _, part in _list_parts(pipe):
        for weight in part.parameters():
            if weight.is_floating_point() and weight.data_ptr() % _LINE:
                weight.data = weight.data.clone()


def place(pipe: Any, plan: MemoryPlan, device: torch.device) -> None:  # noqa: ANN401
    """Lay a pipeline on a device, from the machine's own memory.

    Args:
        pipe: The pipeline, with its image encoder if it has one.
        plan: How.
        device: Where to compute.

    Raises:
        QuantisingError: What the plan's number of bits takes is not installed.
    """
    if plan.bits < 16:
        reduce = _choose_reduction(plan)
        for name, part in _list_parts(pipe):
            meant = name.startswith(TEXT) or part is _find_denoiser(pipe)
            if meant and not _is_quantised(part):
                reduce(part, device)
    match plan.placing:
        case Placing.RESIDENT:
            pipe.to(device)
        case Placing.PARKED:
            _find_denoiser(pipe).register_forward_pre_hook(lambda *_: _send_off(pipe))
            _keep_placing(pipe, partial(_park, pipe, device))
        case Placing.OFFLOADED:
            _keep_placing(pipe, partial(pipe.enable_model_cpu_offload, device=device))


def _park(pipe: Any, device: torch.device) -> None:  # noqa: ANN401
    """Encoders of text and images on the device only until the denoiser starts."""
    pipe.remove_all_hooks()
    kept, hooks = (_find_denoiser(pipe), pipe.vae), pipe._all_hooks
    for _, part in _list_parts(pipe):
        if any(part is one for one in kept):
            part.to(device)
            continue
        part.to("cpu")
        # Given the hook before it, a part that starts sends its predecessor off the device.
        _, hook = cpu_offload_with_hook(part, device, hooks[-1] if hooks else None)
        hooks.append(hook)


def _send_off(pipe: Any) -> None:  # noqa: ANN401
    for hook in pipe._all_hooks:
        # To move what has moved already would look at every weight in every step.
        if next(hook.model.parameters()).device.type != "cpu":
            hook.offload()


def _keep_placing(pipe: Any, lay: Callable[[], None]) -> None:  # noqa: ANN401
    """Lay a pipeline out, and again whenever diffusers does after it has loaded a LoRA."""
    lay()
    # It takes hooks off for that, and then offloads every part of whatever had one.
    pipe.enable_model_cpu_offload = lambda *_, **__: lay()


def _choose_reduction(plan: MemoryPlan) -> Callable[[nn.Module, torch.device], None]:
    if plan.bits == 8 and (plan.floating or find_spec("torchao") is None):
        return _cast_to_8
    try:
        return _reduce_to_8() if plan.bits == 8 else _reduce_to_4()
    except ImportError as error:
        raise QuantisingError(
            f"Weights of {plan.bits} bits need {error.name}: pip install 'easel[quantised]', or"
            " have EASEL_MEMORY say offload or fp8, if the card's memory is enough for that."
        ) from error


def _cast_to_8(part: nn.Module, _device: torch.device) -> None:
    """Weights as floating-point numbers of 8 bits, each layer's widened while it computes."""
    reduce_layers(part)
    # The convolutions of a UNet, which lie well within the format's range without factors. Those of
    # an encoder are few, and whoever asks it for its number format may look at them.
    if isinstance(part, ModelMixin):
        part.enable_layerwise_casting(FORMAT, part.dtype, skip_modules_classes=(nn.Linear,))


def _is_quantised(part: nn.Module) -> bool:
    return getattr(part, "hf_quantizer", None) is not None


def _reduce_to_8() -> Callable[[nn.Module, torch.device], None]:
    from torchao.quantization import Int8WeightOnlyConfig, quantize_  # noqa: PLC0415 - optional

    # By layer on the device, so that never more than one lies there in 16 bits as well.
    return lambda part, device: quantize_(part, Int8WeightOnlyConfig(), device=device)


def _reduce_to_4() -> Callable[[nn.Module, torch.device], None]:
    # NormalFloat, whose levels lie as densely as weights do (Dettmers et al. 2023).
    from bitsandbytes.nn import Linear4bit, Params4bit  # noqa: PLC0415 - optional

    def reduce(part: nn.Module, device: torch.device) -> None:
        for name, layer in list(part.named_modules()):
            if type(layer) is not nn.Linear:
                continue
            small = Linear4bit(
                layer.in_features,
                layer.out_features,
                layer.bias is not None,
                compute_dtype=layer.weight.dtype,
                quant_type="nf4",
                device="meta",
            )
            small.weight = Params4bit(layer.weight.data, requires_grad=False, quant_type="nf4")
            small.bias = layer.bias
            part.set_submodule(name, small.to(device))

    return reduce


def _find_denoiser(pipe: Any) -> nn.Module:  # noqa: ANN401
    denoiser: nn.Module = pipe.unet if hasattr(pipe, "unet") else pipe.transformer
    return denoiser


def _list_parts(pipe: Any) -> Iterator[tuple[str, nn.Module]]:  # noqa: ANN401
    for name, part in pipe.components.items():
        if isinstance(part, nn.Module):
            yield name, part


def _weigh(part: nn.Module) -> float:
    """GiB of a part's weights."""
    return sum(one.numel() * one.element_size() for one in part.parameters()) / 2**30
