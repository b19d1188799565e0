"""Credits and licences of the artwork, written beside the weights."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from training.sources import LABELS, SOURCES, WORDS

_TEXTS: Final = Path(__file__).with_name("licences")

_CARD: Final = """\
---
license: cc-by-4.0
tags: [text-to-image, stable-diffusion, ip-adapter]
---
# Easel's bundled model

A very small text-to-image model in the layout of diffusers. It draws the things, styles and
colours of openly licensed emoji artwork at 128x128 pixels, and nothing else of the world.

- text: a CLIP text model of 32 tokens; style words: {styles}
- references: two IP-Adapters, `ip_adapter/ip_adapter_style.safetensors` and
  `ip_adapter/ip_adapter_content.safetensors`
- structure: a T2I-Adapter that keeps to line maps, `structure/`
- schedule: velocity prediction, zero terminal signal-to-noise ratio, trailing timesteps

## Figures
{figures}

## Made from
{credits}

The pictures were rendered or scaled to 128x128 pixels, recoloured, laid on grounds and, for
"pixel art", coarsened. Licences: LICENSES.md. The weights may be used under CC BY 4.0 with these
credits.
"""


def credit_lines() -> list[str]:
    """One line for each package that the model is made from."""
    lines = [
        f"- {s.package} {s.version}: drawings by {s.artist}, {s.licence}, {s.home}" for s in SOURCES
    ]
    lines.append(
        f"- {LABELS[0]} {LABELS[1]}: names and keywords, MIT, from Unicode CLDR (Unicode-3.0)"
    )
    lines.append(f"- {WORDS[0]} {WORDS[1]}: words to learn, WordNet 3.1 (Princeton licence)")
    return lines


def write_credits(folder: Path, facts: Mapping[str, str]) -> None:
    """Write README.md (the model card), LICENSES.md and the licence texts.

    Args:
        folder: The model's.
        facts: "styles", and figures by name.
    """
    figures = "\n".join(f"- {name}: {value}" for name, value in facts.items() if name != "styles")
    sources = "\n".join(credit_lines())
    card = _CARD.format(styles=facts["styles"], figures=figures or "- none yet", credits=sources)
    (folder / "README.md").write_text(card)
    for text in _TEXTS.iterdir():
        shutil.copy(text, folder / text.name)
