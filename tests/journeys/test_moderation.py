"""A worker with a classifier: what it finds explicit leaves the machine in no form."""

import io
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from playground.state.records import Attachment, Upload
from tests.generation.classifiers import build_vit
from tests.journeys.studio import PATIENCE, WORKER, Studio

SHARP = 40
"""Levels between neighbouring pixels that no blurred picture has."""


def is_sharp(data: bytes) -> bool:
    with Image.open(io.BytesIO(data)) as picture:
        levels = np.asarray(picture.convert("L"), dtype=float)
    return bool(np.abs(np.diff(levels)).max() > SHARP)


async def test_pictures_are_judged_before_anything_of_them_leaves(
    studio: Studio, tmp_path: Path
) -> None:
    await studio.end(WORKER)
    # Whatever a picture shows, one of these it is.
    judge = build_vit(tmp_path / "judge", ("porn", "hentai"))
    files, sent = studio.playground.world.files, list[bytes]()
    store = files.store

    def note(upload: Upload, channel_id: int, *, ephemeral: bool = False) -> Attachment:
        sent.append(upload.data)
        return store(upload, channel_id, ephemeral=ephemeral)

    with (
        mock.patch.dict(studio.environment, {"EASEL_CLASSIFIER": str(judge)}),
        mock.patch.object(files, "store", note),
    ):
        await studio.start(WORKER)
        asked = await studio.imagine("a red apple --steps 8 --batch 2")
        assert asked.message
        held = await asked.message.until(lambda now: "held back for now" in now.content, PATIENCE)
        assert not held.attachments
        assert not any(map(is_sharp, sent))
        await studio.end(WORKER)
    await studio.start(WORKER)
    asked = await studio.imagine("a red apple --steps 1 --batch 2")
    assert asked.message
    shown = await asked.message.until(lambda now: "U1" in now.buttons, PATIENCE)
    assert is_sharp(await studio.playground.read(shown.attachments[0]))
