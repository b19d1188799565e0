"""Stage: list the rendered drawings with label, keywords and group in captions.jsonl."""

import json
import zipfile

from training.fetch import folder_of
from training.labels import load_labels
from training.plan import Options, start
from training.sources import LABELS, SOURCES


def write_captions(given: Options) -> None:
    """Write ``artwork/captions.jsonl``: one line for each set and label."""
    labels = load_labels(folder_of(given, LABELS[0]))
    lines = []
    for source in SOURCES:
        name = f"{source.name}.zip"
        with zipfile.ZipFile(given.pack / name) as archive:
            files = archive.namelist()
        for file in files:
            label = labels[file.removesuffix(".webp")]
            row = {
                "file": f"{name}/{file}",
                "style": source.name,
                "label": label.label,
                "tags": label.tags,
                "group": label.group,
            }
            lines.append(json.dumps(row, ensure_ascii=False))
    (given.pack / "captions.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    start(__doc__, write_captions)
