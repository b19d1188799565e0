"""Files of messages and options: their bytes on the shelf, and what Discord says about them."""

from __future__ import annotations

import dataclasses
import io
import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from playground.state.clock import Snowflakes
from playground.state.records import Attachment, Body, Upload
from playground.state.shelf import Shelf


class Files:
    """Every stored file by its id."""

    def __init__(self, shelf: Shelf, ids: Snowflakes) -> None:
        self._shelf = shelf
        self._ids = ids
        self._known: dict[int, Attachment] = {}

    def get(self, file_id: int) -> Attachment | None:
        """Return a file's description."""
        return self._known.get(file_id)

    def data(self, file_id: int) -> bytes | None:
        """Return a file's bytes, or None if there is no such file."""
        return self._shelf.file(file_id)

    def drop(self, file_id: int) -> None:
        """Let go of a file; see `Shelf.drop_file`."""
        self._shelf.drop_file(file_id)

    def remember(self, known: Iterable[Attachment]) -> None:
        """Know files of an earlier run, whose bytes are on the shelf."""
        self._known.update({attachment.id: attachment for attachment in known})

    def store(self, upload: Upload, channel_id: int, *, ephemeral: bool = False) -> Attachment:
        """Keep a file and return its description."""
        width, height = _dimensions(upload.data)
        attachment = Attachment(
            id=self._ids.next(),
            channel_id=channel_id,
            filename=_safe_name(upload.filename),
            size=len(upload.data),
            content_type=mimetypes.guess_type(upload.filename)[0] or upload.content_type,
            width=width,
            height=height,
            description=upload.description,
            ephemeral=ephemeral,
        )
        self._shelf.put_file(attachment.id, upload.data)
        self._known[attachment.id] = attachment
        return attachment

    def replace(
        self,
        before: Sequence[Attachment],
        listed: Sequence[Body] | None,
        uploads: Mapping[int, Upload],
        channel_id: int,
    ) -> list[Attachment]:
        """Return a message's files after a request, with what is new kept and what is left let go.

        Args:
            before: the files that the message has.
            listed: the request's ``attachments``; without it everything stays, and every upload is
                added at the end.
            uploads: new files by the index that ``attachments`` placeholders name.
            channel_id: where the message is.
        """
        old = {attachment.id: attachment for attachment in before}
        if listed is None:
            listed = [*({"id": i} for i in old), *({"id": i} for i in uploads)]
        after = [
            self.store(_named(uploads[key], entry), channel_id) if key in uploads else old[key]
            for entry in listed
            for key in (int(entry["id"]),)
        ]
        for gone in old.keys() - {attachment.id for attachment in after}:
            self.drop(gone)
        return after


def _named(upload: Upload, entry: Body) -> Upload:
    """An upload under the name and description that its placeholder gives it."""
    name = entry.get("filename") or upload.filename
    return dataclasses.replace(upload, filename=name, description=entry.get("description"))


def _dimensions(data: bytes) -> tuple[int, int] | tuple[None, None]:
    """The size of a picture, read from its header alone."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None, None


def _safe_name(filename: str) -> str:
    """Spell a file name as Discord stores it: no folders, no spaces, no quotes."""
    kept = "".join(c if c.isalnum() or c in "._-" else "_" for c in Path(filename).name)
    return kept.lstrip(".") or "unknown"
