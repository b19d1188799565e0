"""Draws docs/model/prompts.webp: a picture for every line of ``training/prompts.txt``.

Seeds are the lines' numbers, and of each grid it is the first picture, as the product draws it with
the bundled model; nothing is chosen. It takes half a minute on one core:

    python -m benchmarks.recipes.prompts
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from PIL import Image

from generation.catalogue.families import BUNDLED, find_card
from generation.families.load import load
from prompt.reading.grammar import parse
from prompt.resolution.resolve import resolve
from training.pictures import PROMPTS
from training.sheet import save_sheet

SIDE: Final = 160
"""Longest side in pixels of a picture in the sheet."""

SHEET: Final = Path(__file__).parents[2] / "docs" / "model" / "prompts.webp"


def main() -> None:
    """Draw the sheet."""
    card = find_card("easel")
    engine = load(card, str(BUNDLED), torch.device("cpu"))
    prompts = PROMPTS.read_text(encoding="utf-8").splitlines()
    pictures = []
    for seed, words in enumerate(prompts, start=1):
        whole = resolve(parse(words), card, model=card.model, seed=seed).recipe
        recipe = replace(whole, noise=whole.noise[:1])
        for shown in engine.enlarge(engine.draw(recipe, None, lambda *_: None), recipe):
            shown.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            pictures.append(shown)
    save_sheet(pictures, SHEET, columns=10, titles=prompts)


if __name__ == "__main__":
    main()
