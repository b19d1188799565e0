"""The gallery put together: its pages, the way to sign in to them, and what works beside them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import discord

from bot.delivery.marking import PictureMarks
from bot.gallery.collection import PictureCollection
from bot.gallery.filling import GalleryFiller
from bot.gallery.page import GalleryPage
from bot.gallery.picture_files import PictureFiles
from bot.gallery.shared import SharedPictures
from bot.gallery.sights import Sights
from bot.gallery.views import PictureViews
from bot.web.guild_members import Members
from bot.web.plain_text import strip_markup
from bot.web.sessions import Sessions
from bot.web.site import Page
from generation.untrusted.door import PictureDoor
from storage.files import Files
from storage.queue.client import Jobs
from storage.settings import Settings


@dataclass(frozen=True, slots=True)
class Gallery:
    """What is served of it, what there is to see, and what fills it."""

    pages: list[Page] = field(default_factory=list)
    collection: PictureCollection | None = None
    filler: GalleryFiller | None = None


def build_gallery(
    client: discord.Client,
    settings: Settings,
    jobs: Jobs,
    files: Files,
    *,
    sessions: Sessions,
    members: Members,
    door: PictureDoor,
    marking: PictureMarks,
    withdraw: Callable[[], None],
) -> Gallery:
    """The gallery.

    Args:
        client: Knows the application and its servers.
        settings: Say at which address it is.
        jobs: The queue, and what is kept beside it.
        files: Where pictures are.
        sessions: Who is signed in.
        members: Who is on which server, with what rights.
        door: Decodes them.
        marking: Marks those that leave.
        withdraw: Has messages deleted that are written down for it.
    """
    sights = Sights(client, members, jobs.records)
    collection = PictureCollection(client, jobs, withdraw)
    given = sessions, sights, collection
    served = PictureFiles(
        *given, PictureViews(files, door), jobs=jobs, files=files, marking=marking
    )
    page = GalleryPage(*given, address=settings.public_url, strip=partial(strip_markup, client))
    pages: list[Page] = [served, SharedPictures(collection, served), page]
    return Gallery(pages, collection, GalleryFiller(jobs.records))
