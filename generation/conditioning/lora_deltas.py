"""What a file adds to one layer's weights: the difference itself, for those that are no LoRA.

LoHa (Hyeon-Woo et al. 2022, arXiv 2108.06098) multiplies two products of thin matrices element by
element, LoKr (Edalati et al. 2022, arXiv 2212.10650) takes a Kronecker product, both as LyCORIS
writes them (Yeh et al. 2024, arXiv 2309.14859); DoRA (Liu et al. 2024, arXiv 2402.09353) scales
what a LoRA has turned to norms of its own.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

Parts = Mapping[str, Tensor]
"""The tensors of one layer, by what their names end in, such as ``hada_w1_a``."""


class UnknownChangeError(ValueError):
    """The tensors of a layer are of no known kind, or do not go together."""


def compute_delta(parts: Parts) -> Tensor:
    """The difference to a layer's weights, (out, in, …), without DoRA's norms.

    Raises:
        UnknownChangeError: Something is missing.
    """
    try:
        if "diff" in parts:
            return parts["diff"].float()
        if "hada_w1_a" in parts:
            return _multiply_hadamard(parts)
        if "lokr_w1" in parts or "lokr_w1_a" in parts:
            return _multiply_kronecker(parts)
        return _multiply_thin(parts)
    except (KeyError, RuntimeError) as error:
        raise UnknownChangeError(f"{', '.join(sorted(parts))}: {error}") from error


def measure_delta(parts: Parts) -> tuple[int, ...]:
    """The difference's shape, without computing it; a convolution's may be flattened to two sides.

    Raises:
        UnknownChangeError: Something is missing.
    """
    try:
        if "diff" in parts:
            return tuple(parts["diff"].shape)
        if "hada_t1" in parts:
            sides = parts["hada_t1"].shape[2:]
            return parts["hada_w1_a"].shape[1], parts["hada_w1_b"].shape[1], *sides
        if "hada_w1_a" in parts:
            return parts["hada_w1_a"].shape[0], parts["hada_w1_b"].shape[1]
        if "lokr_w1" in parts or "lokr_w1_a" in parts:
            tall, wide = _measure_factor(parts, "lokr_w1")[:2]
            out, into, *core = _measure_factor(parts, "lokr_w2")
            return tall * out, wide * into, *core
        return parts["up"].shape[0], *parts["down"].shape[1:]
    except KeyError as error:
        raise UnknownChangeError(f"{', '.join(sorted(parts))}: {error}") from error


def _measure_factor(parts: Parts, name: str) -> tuple[int, ...]:
    if name in parts:
        return tuple(parts[name].shape)
    thin, wide = parts[f"{name}_a"].shape, parts[f"{name}_b"].shape
    if "lokr_t2" in parts and name == "lokr_w2":
        return thin[1], wide[1], *parts["lokr_t2"].shape[2:]
    return thin[0], *wide[1:]


def turn_to_norms(weight: Tensor, delta: Tensor, norms: Tensor) -> Tensor:
    """The difference that DoRA makes of a LoRA's, of the weights' shape.

    Args:
        weight: The layer's own weights, (out, in, …).
        delta: What the LoRA adds to them.
        norms: Of each output, (out,) or (out, 1, …), or of each input, (1, in, …).
    """
    merged = weight.float() + delta
    by_input = norms.dim() > 1 and norms.shape[0] == 1 and norms.shape[1] == merged.shape[1]
    spread = [side for side in range(merged.dim()) if side != int(by_input)]
    shape = [1] * merged.dim()
    shape[int(by_input)] = -1
    scale = norms.float().reshape(shape) / merged.norm(dim=spread, keepdim=True).clamp(min=1e-12)
    turned: Tensor = merged * scale - weight.float()
    return turned


def _scale(parts: Parts, rank: int) -> float:
    return float(parts["alpha"]) / rank if "alpha" in parts and rank else 1.0


def _multiply_thin(parts: Parts) -> Tensor:
    down, up = parts["down"].float(), parts["up"].float()
    scale = _scale(parts, len(down))
    if "mid" in parts:
        return _expand_core(parts["mid"], up.flatten(1).T, down.flatten(1)) * scale
    return (up.flatten(1) @ down.flatten(1)).reshape(len(up), *down.shape[1:]) * scale


def _multiply_hadamard(parts: Parts) -> Tensor:
    one, other = (
        _expand_core(parts[f"hada_t{k}"], parts[f"hada_w{k}_a"], parts[f"hada_w{k}_b"])
        if f"hada_t{k}" in parts
        else parts[f"hada_w{k}_a"].float() @ parts[f"hada_w{k}_b"].float()
        for k in (1, 2)
    )
    return one * other * _scale(parts, parts["hada_w1_b"].shape[0])


def _multiply_kronecker(parts: Parts) -> Tensor:
    rank = next((len(parts[k]) for k in ("lokr_w1_b", "lokr_w2_b") if k in parts), 0)
    one = parts["lokr_w1"].float() if "lokr_w1" in parts else _join(parts, "lokr_w1")
    if "lokr_w2" in parts:
        other = parts["lokr_w2"].float()
    elif "lokr_t2" in parts:
        other = _expand_core(parts["lokr_t2"], parts["lokr_w2_a"], parts["lokr_w2_b"])
    else:
        other = _join(parts, "lokr_w2")
    one = one.reshape(*one.shape, *[1] * (other.dim() - 2))
    return torch.kron(one, other.contiguous()) * _scale(parts, rank)


def _join(parts: Parts, name: str) -> Tensor:
    thin, wide = parts[f"{name}_a"].float(), parts[f"{name}_b"].float()
    return (thin @ wide.flatten(1)).reshape(len(thin), *wide.shape[1:])


def _expand_core(core: Tensor, out: Tensor, into: Tensor) -> Tensor:
    """Tucker's form of a convolution: a small one between two thin matrices (rank, channels)."""
    return torch.einsum("ijkl,jr,ip->prkl", core.float(), into.float(), out.float())
