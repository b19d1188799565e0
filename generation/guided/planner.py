"""The planner: from words, or what a reference picture shows, to the mean of what they can mean.

Squared error makes a regressor give the mean of all pictures that fit its input. That mean is
blurred where the pictures differ, and the denoiser, which sees it, makes one of them of it.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Planner(nn.Module):
    """A perceptron from text states and embeddings to latents of one fixed size.

    Args:
        channels: Of the latents.
        side: Of the latents, in latents: 16 for 128 pixels.
        width: Of text states and of image embeddings.
        hidden: Of its layers.
        depth: Residual layers.
        queries: How many mixtures of the text states it reads beside their last.
    """

    def __init__(
        self,
        channels: int,
        *,
        side: int = 16,
        width: int = 256,
        hidden: int = 1024,
        depth: int = 2,
        queries: int = 6,
    ) -> None:
        super().__init__()
        self.channels, self.side = channels, side
        self.queries = nn.Parameter(torch.randn(queries, width) / width**0.5)
        self.keys = nn.Linear(width, width)
        # The mixtures, the state of the end, and the two embeddings.
        self.enter = nn.Linear((queries + 3) * width, hidden)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, hidden)
            )
            for _ in range(depth)
        )
        self.leave = nn.Linear(hidden, channels * side * side)

    def forward(self, states: Tensor, length: Tensor, content: Tensor, style: Tensor) -> Tensor:
        """Guides for some requests.

        Args:
            states: Text states (B, tokens, width).
            length: How many of them are of the text, that of its end the last (B,).
            content: Embedding of the picture whose thing is wanted (B, width); zeros for none.
            style: Embedding of the picture whose style is wanted (B, width); zeros for none.

        Returns:
            Mean latents (B, C, side, side).
        """
        score = torch.einsum("qw,btw->bqt", self.queries, self.keys(states))
        beyond = torch.arange(states.shape[1], device=states.device) >= length[:, None]
        # States behind the end are of padding, and mean nothing.
        read = score.masked_fill(beyond[:, None], float("-inf")).softmax(-1) @ states
        end = states[torch.arange(len(states), device=states.device), length - 1]
        whole = torch.cat([read.flatten(1), end, content, style], 1)
        x = self.enter(whole)
        for layer in self.layers:
            x = x + layer(x)
        made: Tensor = self.leave(functional.silu(x))
        return made.view(-1, self.channels, self.side, self.side)
