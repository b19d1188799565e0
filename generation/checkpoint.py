"""The bundled checkpoint: a tiny Stable Diffusion that the project builds for itself.

Every part is the real class with random weights, saved in the layout of any diffusers folder, so
that the code which loads it is the code which loads Stable Diffusion. Three choices make it usable
for more than a smoke test although nothing was trained:

- It predicts the velocity v = αε − σx₀. For data that looks like unit Gaussian noise the right
  answer is zero everywhere, so a small random answer makes an almost sound denoiser: pictures keep
  their noise's character, words bend it, and img2img keeps √ᾱ of the picture it starts from.
- The autoencoder carries colour through on a linear path (see ``autoencoder``), so a photograph
  survives as a mosaic of 8-pixel tiles, under a random texture.
- Only uniform random numbers and single multiplications make the weights: both are exact, so the
  files are equal bytes wherever the same versions write them.
"""

import math
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import diffusers
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from tokenizers.pre_tokenizers import ByteLevel
from torch import Tensor, nn
from transformers import (
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from generation.libraries import quiet

VERSION: Final = 1
"""Raised with every change that changes a weight; part of the folder's name."""

SEED: Final = 20261123
WIDTH: Final = 96
"""Width of the text and vision embeddings."""

_START: Final = "<|startoftext|>"
_END: Final = "<|endoftext|>"
_WORDS: Final = (
    "a an the and of in on at with by from for to no not is its very old new big small tiny "
    "red green blue yellow orange purple pink black white grey gold silver brown dark bright "
    "apple tree flower forest mountain river lake sea ocean sky sun moon star cloud rain snow "
    "cat dog bird fish horse fox owl lion dragon robot knight king queen woman man girl boy "
    "child face portrait city street house castle tower bridge ship boat car train garden "
    "photo photograph painting drawing sketch watercolor oil ink pencil poster logo icon "
    "pixel art style abstract pattern texture light shadow sunset night morning winter summer "
    "space planet future ancient magic fantasy detailed soft sharp colorful minimal cinematic"
)


def build(root: Path) -> Path:
    """The folder of the bundled checkpoint below ``root``, written now if it is not there yet.

    Several processes may build at once: each writes a folder of its own and renames it into place,
    and whoever comes second keeps the first one's.
    """
    folder = root / f"tiny-random-{VERSION}"
    if folder.is_dir():
        return folder
    quiet()
    root.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".tiny-random-", dir=root))
    try:
        pipeline().save_pretrained(draft, safe_serialization=True)
        draft.chmod(0o755)
        os.rename(draft, folder)  # noqa: PTH104 - Path.rename would replace an empty folder
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def pipeline() -> Any:  # noqa: ANN401 - diffusers has no type information
    """The whole checkpoint in memory, on the CPU in float32."""
    words = tokenizer()
    generator = torch.Generator().manual_seed(SEED)
    return diffusers.StableDiffusionPipeline(
        tokenizer=words,
        text_encoder=text_encoder(words, generator),
        unet=unet(generator),
        vae=autoencoder(generator),
        image_encoder=vision_encoder(generator),
        feature_extractor=CLIPImageProcessorPil(size=64, crop_size=64),
        scheduler=noise_schedule(),
        safety_checker=None,
        requires_safety_checker=False,
    )


def noise_schedule() -> Any:  # noqa: ANN401 - diffusers has no type information
    """Stable Diffusion's noise schedule, for a network that predicts velocity."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        steps_offset=1,
        clip_sample=False,
        set_alpha_to_one=False,
    )


def tokenizer() -> Any:  # noqa: ANN401 - transformers has no type information
    """A CLIP tokenizer: single bytes, and merges that join the words people use most."""
    letters = sorted(ByteLevel.alphabet())
    merges = list(dict.fromkeys(pair for word in _WORDS.split() for pair in _merges(word)))
    tokens = [*letters, *(letter + "</w>" for letter in letters), *map("".join, merges)]
    vocabulary = {token: k for k, token in enumerate([*dict.fromkeys(tokens), _START, _END])}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)


def _merges(word: str) -> Iterable[tuple[str, str]]:
    """The pairs that build ``word`` from its letters, from left to right."""
    letters = [*word[:-1], word[-1] + "</w>"]
    for k in range(1, len(letters)):
        yield "".join(letters[:k]), letters[k]


def text_encoder(words: Any, generator: torch.Generator) -> nn.Module:  # noqa: ANN401
    """A CLIP text encoder that reads the tokens of ``words``."""
    encoder: nn.Module = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=77,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
        )
    )
    return _randomise(encoder, generator)


def vision_encoder(generator: torch.Generator) -> nn.Module:
    """A CLIP vision encoder whose embeddings are as wide as the text's."""
    encoder: nn.Module = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            image_size=64,
            patch_size=16,
        )
    )
    return _randomise(encoder, generator)


def unet(generator: torch.Generator) -> nn.Module:
    """A three-level UNet that sees the text at its two coarser levels and in the middle."""
    network: nn.Module = UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(32, 64, 96),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=8,
    )
    _randomise(network, generator)
    _scale(network, "attn2.to_q.weight", 3.0)
    _scale(network, "attn2.to_k.weight", 3.0)
    _scale(network, "conv_in.weight", 0.2)
    _scale(network, "conv_out.weight", 1.0)
    return network


_LATENTS: Final = 4
_CHANNELS: Final = 24
_GROUP: Final = 4
_CARRIER: Final = 8.0
"""Constant that a colour's group carries: far above any colour, so that it sets the norm."""
_SPREAD: Final = 0.4
"""Standard deviation of a colour, in [-1, 1], that a latent of standard deviation 1 stands for."""
_COLOURS: Final = (
    (3**-0.5, 2**-0.5, 6**-0.5),
    (3**-0.5, 0.0, -2 * 6**-0.5),
    (3**-0.5, -(2**-0.5), 6**-0.5),
)
"""Red, green and blue (rows) from lightness and two differences (columns); orthonormal."""


def autoencoder(generator: torch.Generator) -> nn.Module:
    """An 8× autoencoder: colours pass on a linear path, everything else is random texture.

    The last norm and activation before each output would bend the colours. So each of the three
    has a norm group of its own that holds (x, −x, C, −C): the constants make the norm a fixed
    factor, and silu(x) − silu(−x) = x exactly.
    """
    network: nn.Module = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(_CHANNELS,) * 4,
        layers_per_block=1,
        latent_channels=_LATENTS,
        norm_num_groups=_CHANNELS // _GROUP,
        sample_size=128,
        scaling_factor=1.0,
    )
    _randomise(network, generator)
    _scale(network, "conv2.weight", 0.15)
    _scale(network, "to_out.0.weight", 0.15)
    with torch.no_grad():
        _carry_colours(network)
    return network


def _carry_colours(network: Any) -> None:  # noqa: ANN401 - diffusers has no type information
    """Lay the linear path for colours through an autoencoder of random weights."""
    encoder, decoder = network.encoder, network.decoder
    into = torch.tensor(_COLOURS).T / _SPREAD
    _clear(network)
    _fan_out(encoder.conv_in, torch.eye(3))
    _fan_out(decoder.conv_in, torch.cat([into.T * _SPREAD**2, torch.zeros(3, 1)], dim=1))
    for block in encoder.down_blocks:
        for layer in block.downsamplers or ():
            _pass_on(layer.conv, ((0.25, 0.25, 0.0), (0.25, 0.25, 0.0), (0.0, 0.0, 0.0)))
    for block in decoder.up_blocks:
        for layer in block.upsamplers or ():
            _pass_on(layer.conv, _BLUR)
    _fan_in(encoder.conv_out, into, texture=0.0)
    _fan_in(decoder.conv_out, torch.eye(3), texture=0.3)
    encoder.conv_out.weight[_LATENTS:] = 0.0
    encoder.conv_out.bias[_LATENTS:] = -10.0
    for layer, width in ((network.quant_conv, 2 * _LATENTS), (network.post_quant_conv, _LATENTS)):
        layer.weight.copy_(torch.eye(width)[:, :, None, None])


_BLUR: Final = ((0.0625, 0.125, 0.0625), (0.125, 0.25, 0.125), (0.0625, 0.125, 0.0625))


def _clear(network: nn.Module) -> None:
    """Keep the random branches off the linear path, and free of tint.

    In the encoder they leave the colours alone; in the decoder they add texture, as ±x, by kernels
    that see differences from left to right only, and so nothing in a plain area.
    """
    for name, weight in network.named_parameters():
        if not name.endswith(("conv2.weight", "to_out.0.weight")):
            continue
        colours = weight[: 3 * _GROUP]
        if name.startswith("encoder") or weight.ndim == 2:
            colours.zero_()
            continue
        colours.sub_(colours.flip(3))
        colours[1::_GROUP] = -colours[0::_GROUP]
        colours[2::_GROUP] = 0.0
        colours[3::_GROUP] = 0.0


def _fan_out(layer: nn.Conv2d, colours: Tensor) -> None:
    """Make the three groups (x, −x, C, −C) from the layer's input, ``colours`` (3, inputs)."""
    weight, bias = layer.weight[: 3 * _GROUP], layer.bias
    assert bias is not None  # noqa: S101 - these convolutions are built with one
    weight.zero_()
    weight[0::_GROUP, :, 1, 1] = colours
    weight[1::_GROUP, :, 1, 1] = -colours
    bias[2 : 3 * _GROUP : _GROUP] = _CARRIER
    bias[3 : 3 * _GROUP : _GROUP] = -_CARRIER


def _pass_on(layer: nn.Conv2d, kernel: Iterable[Iterable[float]]) -> None:
    """Send each channel of the three groups through ``kernel`` (3, 3), apart from all others."""
    count = 3 * _GROUP
    layer.weight[:count] = 0.0
    for channel in range(count):
        layer.weight[channel, channel] = torch.tensor(kernel)


def _fan_in(layer: nn.Conv2d, outputs: Tensor, texture: float) -> None:
    """Read the colours back after norm and silu, for ``outputs`` (outputs, 3), under a texture."""
    rows = layer.weight[: len(outputs)]
    rows.sub_(rows.flip(3)).mul_(texture)
    rows[:, : 3 * _GROUP] = 0.0
    rows[:, 0 : 3 * _GROUP : _GROUP, 1, 1] = outputs * (_CARRIER / 2**0.5)
    rows[:, 1 : 3 * _GROUP : _GROUP, 1, 1] = -outputs * (_CARRIER / 2**0.5)


def _randomise(module: nn.Module, generator: torch.Generator) -> nn.Module:
    """Fill every weight with uniform noise that keeps the variance; norms and biases stay plain."""
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if weight.ndim > 1 or name.endswith("embedding"):
                fan_in = weight[0].numel() if weight.ndim > 1 else 1
                weight.copy_(torch.rand(weight.shape, generator=generator))
                weight.sub_(0.5).mul_(2 * math.sqrt(3 / fan_in))
            else:
                weight.fill_(1.0 if name.endswith("weight") else 0.0)
    return module.eval()


def _scale(module: nn.Module, ending: str, factor: float) -> None:
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if name.endswith(ending):
                weight.mul_(factor)
