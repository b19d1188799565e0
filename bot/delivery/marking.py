"""What pictures are marked with on their way out: keys of this installation, and what they say."""

import asyncio
import io
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import structlog
from PIL import Image
from sqlalchemy import Connection, select

from generation.pictures.sealing import SHORT, Encode, FileKind, Seal, seal_file, seal_picture
from generation.provenance.identity import (
    Identity,
    IdentityError,
    make_identity,
    read_identity,
    read_trust,
)
from generation.provenance.kept import UPLOAD, find_statements
from generation.provenance.manifest import Ingredient
from generation.provenance.trust import NOBODY, Trust
from generation.provenance.watermark import Watermark
from generation.recipe import Recipe
from generation.recipe.sheet import is_sheet
from storage.database.keys import find_key, make_key
from storage.database.records import Records
from storage.database.tables import ImageRow
from storage.files import Files, MissingFileError
from storage.queue.jobs import Job
from storage.settings import Settings

SIGNING: Final = "signing"
WATERMARK: Final = "watermark"
"""Names of the keys that are kept in the database, so that every bot marks alike."""

AT_ONCE: Final = 2
"""Pictures that are marked at a time: what else is done in threads shall find some free."""

_log = structlog.get_logger(__name__)

MOST_INPUTS: Final = 8
"""Pictures that a statement names of those that another is made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMarks:
    """What marks are told by.

    Attributes:
        trust: Whose signatures are this installation's.
        watermark: Finds its numbers; None where none was ever hidden.
    """

    trust: Trust = NOBODY
    watermark: Watermark | None = None


class PictureMarks:
    """Marks what leaves."""

    def __init__(self, settings: Settings, records: Records, files: Files) -> None:
        self._settings, self._records, self._files = settings, records, files
        self._seal: Seal | None = None
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def load(self) -> Seal:
        """What pictures are marked with; keys are made where there are none.

        Raises:
            IdentityError: The certificate of the settings cannot sign.
        """
        if self._seal is None:
            self._seal = await self._records.write(load_seal, self._settings)
        return self._seal

    async def load_known(self) -> KnownMarks:
        """What this installation's marks are told by."""
        return await self._records.read(load_known, self._settings)

    async def seal(
        self,
        job: Job,
        png: bytes,
        recipe: Recipe,
        limit: int,
        *,
        single: bool = False,
        tells: bool = True,
    ) -> tuple[bytes, FileKind]:
        """A job's grid, or one picture, in a file of at most ``limit`` bytes that may leave.

        Args:
            job: The job.
            png: The picture as it is stored.
            recipe: What it was made from.
            limit: Largest file, in bytes.
            single: Whether it is one of several pictures, rather than what its message shows.
            tells: Whether the file may tell the recipe, where the settings have it do so.

        Raises:
            ValueError: Not even one pixel fits.
        """
        seal = await self.load()
        # Of a sheet each picture has a recipe of its own, and all are looked at as one.
        alone = is_sheet(job.recipe) and not single
        ingredients = await self._name_sources(job, recipe, seal)
        async with self._turns:
            return await asyncio.to_thread(
                seal_picture,
                *(png, recipe, job.id, limit),
                seal=replace(seal, prompts="off") if alone or not tells else seal,
                grid=job.grid is not None and not alone and not single,
                ingredients=ingredients,
            )

    async def seal_file(
        self, job: Job, encode: Encode, recipe: Recipe, limit: int
    ) -> tuple[bytes, FileKind]:
        """What was made of a job's pictures in a file of at most ``limit`` bytes that may leave.

        Raises:
            ValueError: It does not fit.
        """
        seal = await self.load()
        sources = await self._name_sources(job, recipe, seal)
        async with self._turns:
            return await asyncio.to_thread(
                seal_file, encode, recipe, job.id, limit, seal=seal, ingredients=sources
            )

    async def _name_sources(self, job: Job, recipe: Recipe, seal: Seal) -> list[Ingredient]:
        if seal.identity is None:
            return []
        try:
            return await self._list_ingredients(recipe, seal)
        except Exception as error:  # noqa: BLE001 - a picture is worth more than its sources
            _log.error("sources_not_named", job=job.id, error=type(error).__name__)
            return []

    async def _list_ingredients(self, recipe: Recipe, seal: Seal) -> list[Ingredient]:
        """Pictures that a recipe's are made from: ours, and uploads with their marks."""
        images = list_inputs(recipe)[:MOST_INPUTS]
        if not images:
            return []
        own = await self._records.read(_find_jobs, images)
        found = dict[str, Ingredient]()
        for sha256 in images:
            one = Ingredient(label=f"picture-{sha256[:12]}", title=UPLOAD)
            if job := own.get(sha256):
                one = Ingredient(label=one.label, title=f"easel-{job[:SHORT]}")
            else:
                with suppress(MissingFileError):
                    png = await self._files.aget(sha256)
                    one = find_statements(png) or await self._recognise(png, one, seal)
            found[one.label] = one
        return [*found.values()]

    async def _recognise(self, png: bytes, one: Ingredient, seal: Seal) -> Ingredient:
        """An upload by the number that it carries, where it is a picture of ours sent back."""
        if seal.watermark is None:
            return one
        async with self._turns:
            number = await asyncio.to_thread(read_number, png, seal.watermark)
        return replace(one, title=f"easel-{number}") if number else one


def read_number(png: bytes, watermark: Watermark) -> str:
    """The short number of a job that a cleaned picture carries; empty where none is found."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        found = watermark.read(picture.convert("RGB"))
    return f"{found.number:0{SHORT}x}" if found else ""


def load_seal(connection: Connection, settings: Settings) -> Seal:
    """What pictures are marked with, in a transaction that writes.

    Raises:
        IdentityError: The certificate of the settings cannot sign.
    """
    watermark = None
    if settings.watermark:
        watermark = Watermark(bytes.fromhex(make_key(connection, WATERMARK)))
    return Seal(
        identity=load_identity(connection, settings) if settings.sign else None,
        watermark=watermark,
        timestamps=settings.timestamps,
        prompts=settings.prompt_in_files,
    )


def load_known(connection: Connection, settings: Settings) -> KnownMarks:
    """What this installation's marks are told by, those of before its settings changed, too."""
    made, key, all_of = find_key(connection, SIGNING), find_key(connection, WATERMARK), []
    if made:
        all_of.append(Identity.from_json(made).trust)
    if settings.sign_certificate:
        # One that is over signs no more, but what it signed is told all the same.
        try:
            all_of.append(read_trust(settings.sign_certificate))
        except IdentityError as error:
            _log.warning("certificate_not_read", error=str(error))
    serials = tuple(serial for one in all_of for serial in one.serials)
    return KnownMarks(
        trust=Trust("".join(one.roots for one in all_of), serials),
        watermark=Watermark(bytes.fromhex(key)) if key else None,
    )


def load_identity(connection: Connection, settings: Settings) -> Identity:
    """What pictures are signed with: what was bought, else what this installation made.

    Raises:
        IdentityError: The certificate of the settings cannot sign.
    """
    if settings.sign_certificate and settings.sign_key:
        return read_identity(settings.sign_certificate, settings.sign_key)
    return Identity.from_json(make_key(connection, SIGNING, lambda: make_identity().to_json()))


def list_inputs(recipe: Recipe) -> list[str]:
    """SHA-256 of every picture that a recipe's are made from, each once."""
    inputs, structure = recipe.inputs, recipe.conditions.structure
    named = [one.image for one in (inputs.start, inputs.canvas, structure) if one]
    return [*dict.fromkeys((*named, *recipe.seen_images))]


def _find_jobs(connection: Connection, images: list[str]) -> dict[str, str]:
    """Ids of the jobs that some stored pictures are of."""
    found = select(ImageRow.sha256, ImageRow.job_id).where(ImageRow.sha256.in_(images))
    return {row.sha256: row.job_id for row in connection.execute(found)}
