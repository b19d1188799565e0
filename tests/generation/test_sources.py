from pathlib import Path

import pytest

from generation.catalogue.sources import split_revision


@pytest.mark.parametrize(
    ("source", "name", "revision"),
    [("owner/name", "owner/name", None), ("owner/name@abc", "owner/name", "abc")],
)
def test_a_hub_id_may_be_pinned(source: str, name: str, revision: str | None) -> None:
    assert split_revision(source) == (name, {"local_files_only": True, "revision": revision})


def test_a_folder_is_itself_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "name@abc"
    folder.mkdir()
    options = {"local_files_only": True, "revision": None}
    assert split_revision(str(folder)) == (str(folder), options)
