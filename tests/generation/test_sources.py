from pathlib import Path

import pytest

from generation.catalogue.sources import from_pretrained


@pytest.mark.parametrize(
    ("source", "name", "revision"),
    [("owner/name", "owner/name", None), ("owner/name@abc", "owner/name", "abc")],
)
def test_a_hub_id_may_be_pinned(source: str, name: str, revision: str | None) -> None:
    assert from_pretrained(source) == (name, {"local_files_only": False, "revision": revision})


def test_a_folder_is_itself_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "name@abc"
    folder.mkdir()
    options = {"local_files_only": True, "revision": None}
    assert from_pretrained(str(folder)) == (str(folder), options)
