"""Pack what a training made into parts of at most 15 MB, and put such parts together again.

``python -m training.parcel pack data/training parts`` and, elsewhere,
``python -m training.parcel unpack parts data/training``.
"""

import argparse
import io
import tarfile
from pathlib import Path
from typing import Final

LIMIT: Final = 15_000_000
"""Bytes of a part."""

_WANTED: Final = (
    "export",
    "evaluate",
    "export.png",
    "judges/judge.safetensors",
    "judges/labels.json",
    "judges/thresholds.json",
)
_RECORDS: Final = ("*/loss.csv", "*/loss.png", "vae/sheet.png", "vae/psnr.txt", "*.done")


def pack(out: Path, parts: Path) -> list[Path]:
    """Pack the export, the judge and the records of a training.

    Args:
        out: Folder of the training.
        parts: Folder for the parts; it is created.
    """
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name in _WANTED:
            if (out / name).exists():
                archive.add(out / name, name)
        for pattern in _RECORDS:
            for path in sorted(out.glob(pattern)):
                archive.add(path, str(path.relative_to(out)))
    parts.mkdir(parents=True, exist_ok=True)
    whole = data.getvalue()
    written = []
    for number, start in enumerate(range(0, len(whole), LIMIT)):
        path = parts / f"model.tar.gz.{number:02}"
        path.write_bytes(whole[start : start + LIMIT])
        written.append(path)
    return written


def unpack(parts: Path, out: Path) -> None:
    """Put the parts in a folder together and unpack them.

    Args:
        parts: Folder of all the parts.
        out: Folder to unpack into.
    """
    data = io.BytesIO(b"".join(path.read_bytes() for path in sorted(parts.glob("model.tar.gz.*"))))
    out.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=data) as archive:
        archive.extractall(out, filter="data")


def main() -> None:
    """Pack or unpack, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("pack", "unpack"))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    if given.what == "pack":
        for path in pack(given.source, given.target):
            print(path, path.stat().st_size)
    else:
        unpack(given.source, given.target)


if __name__ == "__main__":
    main()
