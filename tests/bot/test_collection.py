"""What the gallery asks of the database: pages of one size, and no writing for nothing."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bot.gallery.collection import PictureCollection
from bot.gallery.filling import GalleryFiller
from bot.gallery.sights import Onlooker
from storage.gallery import index
from storage.gallery.rights import Subject, Viewer
from storage.gallery.search import Found, Wanted


async def test_a_page_has_no_more_than_fits_however_many_are_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subjects = [Subject(person=1, server=None, channel=1, held=at < 16) for at in range(60)]
    found = [Found(100 - at, f"{at:032x}", subject) for at, subject in enumerate(subjects)]

    async def look(_: object, wanted: Wanted, most: int) -> list[Found]:
        return [it for it in found if wanted.before is None or it.id < wanted.before][:most]

    async def load(_: object, __: object, seen: list[Found]) -> list[Found]:
        return seen

    monkeypatch.setattr(PictureCollection, "_load", load)
    jobs: Any = SimpleNamespace(records=SimpleNamespace(read_apart=look))
    client: Any = None
    collection: Any = PictureCollection(client, jobs, lambda: None)

    async def see(_: object) -> Viewer:
        return Viewer(1)

    me = Onlooker(1, see)
    shown, following = await collection.list_page(me, Wanted(person=1))
    assert shown == found[16:46]
    rest, end = await collection.list_page(me, Wanted(person=1, before=following))
    assert (rest, end) == (found[46:], None)


async def test_a_gallery_that_lacks_nothing_is_not_written_to() -> None:
    places = [index.Place(datetime.now(UTC), "0" * 32), None]

    async def read(*_: object) -> tuple[set[str], index.Place | None]:
        return set(), places.pop(0)

    # It has nothing that writes.
    records: Any = SimpleNamespace(read_apart=read)
    await GalleryFiller(records).fill(None)
    assert places == []
