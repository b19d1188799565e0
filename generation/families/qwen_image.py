"""Qwen-Image: draws what words say, with a transformer built like that of Qwen-Image-Edit."""

from collections.abc import Sequence
from typing import Any, Final

from generation.conditioning.native_references import NativeReference
from generation.families.qwen_image_edit import predict, read, show
from generation.sampling.engine import device_of
from generation.sampling.flow import FlowCondition, FlowFamily, compute_shift

_LONGEST: Final = 512
"""Tokens that the pipeline reads of a prompt."""


def embed(pipe: Any, text: str, _: Sequence[NativeReference]) -> FlowCondition:  # noqa: ANN401
    """The language model's last layer without its instruction, (1, tokens, width)."""
    # The model's authors leave a prompt empty with a blank.
    tokens, _mask = pipe.encode_prompt(
        text or " ", device=device_of(pipe), max_sequence_length=_LONGEST
    )
    return FlowCondition(tokens)


FAMILY: Final = FlowFamily(
    id="qwen-image",
    pipeline="QwenImagePipeline",
    grain=8,
    channels=lambda pipe: int(pipe.transformer.config.in_channels) // 4,
    embed=embed,
    predict=predict,
    read=read,
    show=show,
    shift=compute_shift,
    avoids=True,
)
