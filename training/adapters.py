"""Two image adapters, for style and for content, that train together with the denoiser.

They are plain IP-Adapters: an image embedding becomes four tokens, and every place where the
denoiser reads text reads these tokens too, through keys and values of their own. While training,
the tokens of both follow the text's in one sequence. Tokens of zeros add nothing, since neither
keys nor values have a bias; so a sample without a reference gets zeros.

Source: IP-Adapter (arXiv 2308.06721).
"""

from typing import Any, Final

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from diffusers.models.embeddings import ImageProjection
from torch import Tensor, nn
from torch.nn import functional

from training.plan import CHANNELS, SIDE, WIDTH, WINDOW, Size

TOKENS: Final = 4
"""Tokens that one reference picture becomes."""

NAMES: Final = ("style", "content")
_LENGTHS: Final = [WINDOW, TOKENS, 2 * TOKENS]


class ReadsAll(nn.Module):
    """Attention to text, style tokens and content tokens, each apart, summed up."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.keys = nn.ModuleList(nn.Linear(WIDTH, width, bias=False) for _ in NAMES)
        self.values = nn.ModuleList(nn.Linear(WIDTH, width, bias=False) for _ in NAMES)

    def forward(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
    ) -> Tensor:
        """What diffusers asks of an attention processor: (B, L, C) → (B, L, C)."""
        del attention_mask, temb
        text, *pictured = torch.split(encoder_hidden_states, _LENGTHS, 1)
        query = _heads(attn.to_q(hidden_states), attn.heads)
        read = _attend(query, attn.to_k(text), attn.to_v(text))
        for tokens, key, value in zip(pictured, self.keys, self.values, strict=True):
            read = read + _attend(query, key(tokens), value(tokens))
        made: Tensor = attn.to_out[1](attn.to_out[0](read))
        return made


def _heads(values: Tensor, heads: int) -> Tensor:
    return values.view(*values.shape[:-1], heads, -1).transpose(1, 2)


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    heads = query.shape[1]
    read = functional.scaled_dot_product_attention(query, _heads(key, heads), _heads(value, heads))
    return read.transpose(1, 2).flatten(2)


def build_unet(size: Size) -> UNet2DConditionModel:
    """A fresh denoiser of 16x16 latents that reads text."""
    down = ["CrossAttnDownBlock2D"] * 3
    up = ["CrossAttnUpBlock2D"] * 3
    if not size.attend_outside:
        down[0], up[-1] = "DownBlock2D", "UpBlock2D"
    return UNet2DConditionModel(
        sample_size=SIDE // 8,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        block_out_channels=size.unet,
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=tuple(max(1, width // 32) for width in size.unet),
        norm_num_groups=16,
        use_linear_projection=True,
    )


class Denoiser(nn.Module):
    """The denoiser with both adapters, as they train."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.unet = build_unet(size)
        self.projections = nn.ModuleDict(
            {name: ImageProjection(WIDTH, WIDTH, num_image_text_embeds=TOKENS) for name in NAMES}
        )
        processors: dict[str, Any] = dict(self.unet.attn_processors)
        for name in processors:
            if name.endswith("attn2.processor"):
                width = self.unet.get_submodule(name.removesuffix(".processor")).to_q.out_features
                processors[name] = ReadsAll(width)
        self.unet.set_attn_processor(processors)

    def forward(
        self, noisy: Tensor, times: Tensor, states: Tensor, style: Tensor, content: Tensor
    ) -> Tensor:
        """Predict the velocity.

        Args:
            noisy: Latents (B, 8, 16, 16).
            times: Timesteps (B,), 0 to 999.
            states: Text states (B, 32, 256).
            style: Embedding of the style reference, beside 1 if there is one, else 0 (B, 257).
            content: The same of two content references, (B, 2, 257).
        """
        shown = self._tokens("style", style[:, None])
        meant = self._tokens("content", content)
        sequence = torch.cat([states, shown, meant], 1)
        made: Tensor = self.unet(noisy, times, sequence, return_dict=False)[0]
        return made

    def _tokens(self, name: str, pictured: Tensor) -> Tensor:
        embedding, there = pictured[..., :WIDTH], pictured[..., WIDTH:]
        tokens = self.projections[name](embedding.flatten(0, 1))
        tokens = tokens.view(*embedding.shape[:2], TOKENS, WIDTH) * there[..., None]
        joined: Tensor = tokens.flatten(1, 2)
        return joined

    def plain_unet(self, size: Size) -> UNet2DConditionModel:
        """The denoiser without adapters, with diffusers' own attention."""
        unet = build_unet(size)
        weights = self.unet.state_dict()
        unet.load_state_dict({k: v for k, v in weights.items() if ".processor." not in k})
        return unet

    def take(self, unet: UNet2DConditionModel, adapters: dict[str, dict[str, Tensor]]) -> None:
        """Take over weights: the inverse of :meth:`plain_unet` and :meth:`adapter`.

        Args:
            unet: A denoiser of the same size, without adapters.
            adapters: Tensors of both adapters' files, by name of the adapter.
        """
        weights = dict(unet.state_dict())
        readers = [name for name, p in self.unet.attn_processors.items() if isinstance(p, ReadsAll)]
        for number, name in enumerate(NAMES):
            tensors = adapters[name]
            for place, reader in enumerate(readers):
                prefix = f"ip_adapter.{2 * place + 1}"
                weights[f"{reader}.keys.{number}.weight"] = tensors[f"{prefix}.to_k_ip.weight"]
                weights[f"{reader}.values.{number}.weight"] = tensors[f"{prefix}.to_v_ip.weight"]
            self.projections[name].load_state_dict(
                {
                    key.removeprefix("image_proj.").replace("proj.", "image_embeds."): value
                    for key, value in tensors.items()
                    if key.startswith("image_proj.")
                }
            )
        self.unet.load_state_dict(weights)

    def adapter(self, name: str) -> dict[str, Tensor]:
        """One adapter in the file layout of IP-Adapter: tensors by name.

        Args:
            name: "style" or "content".
        """
        number = NAMES.index(name)
        weights = {
            f"image_proj.{key.replace('image_embeds', 'proj')}": value
            for key, value in self.projections[name].state_dict().items()
        }
        readers = [p for p in self.unet.attn_processors.values() if isinstance(p, ReadsAll)]
        for place, reader in enumerate(readers):
            prefix = f"ip_adapter.{2 * place + 1}"
            weights[f"{prefix}.to_k_ip.weight"] = reader.keys[number].weight
            weights[f"{prefix}.to_v_ip.weight"] = reader.values[number].weight
        return {key: value.detach().contiguous() for key, value in weights.items()}
