import csv
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from training.plan import SIZES, Options
from training.teacher import ask_teacher, common_nouns, load_lessons
from training.towers import train_towers

INDEX = """\
  1 a line of the licence
car n 5 6 @ ~ #m #p %p - 5 2 02961779 02963378 02963937 02963788 02937835
oil_lamp n 1 1 @ 1 0 03850245
dog n 2 5 @ ~ #m #p %p 2 1 02086723 10133978
"""


def test_nouns_are_those_that_texts_use_the_most_versatile_first() -> None:
    assert common_nouns(INDEX.splitlines()) == ["car", "dog"]


def test_without_a_teacher_there_are_no_lessons(tmp_path: Path) -> None:
    given = Options(out=tmp_path, size=SIZES["tiny"])
    ask_teacher(given)
    assert load_lessons(given) is None


def test_lessons_are_learnt_beside_the_pictures(pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "teacher"
    folder.mkdir()
    (folder / "texts.json").write_text(json.dumps(["a cat", "a dog", "a car"]))
    vectors = torch.randint(-127, 128, (3, 384), dtype=torch.int8)
    save_file({"vectors": vectors}, folder / "vectors.safetensors")
    given = Options(out=tmp_path, size=SIZES["tiny"], artwork=pack)
    lessons = load_lessons(given)
    assert lessons is not None
    torch.testing.assert_close(lessons.vectors.norm(dim=1), torch.ones(3))
    train_towers(given, 0.01)
    with (tmp_path / "towers" / "loss.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert 0.3 < float(rows[-1]["taught"]) < 1.5
