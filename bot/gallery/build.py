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
from bot.web.assets import build_shared_assets
from bot.web.discord_account import AccountReader
from bot.web.plain_text import strip_markup
from bot.web.sessions import Cookies, Sessions
from bot.web.sign_in import SignIn
from bot.web.site import Page
from generation.untrusted.door import PictureDoor
from storage.files import Files
from storage.queue.client import Jobs
from storage.settings import GALLERY, Settings


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
    door: PictureDoor,
    marking: PictureMarks,
    withdraw: Callable[[], None],
) -> Gallery:
    """The gallery; nothing where nobody can sign in.

    Args:
        client: Knows the application and its servers.
        settings: Say whether people can sign in.
        jobs: The queue, and what is kept beside it.
        files: Where pictures are.
        door: Decodes them.
        marking: Marks those that leave.
        withdraw: Has messages deleted that are written down for it.
    """
    token, secret = settings.discord_token, settings.client_secret
    if token is None or secret is None:
        return Gallery()
    cookies = Cookies(settings.public_url)
    sessions = Sessions(token.get_secret_value(), cookies)
    sign_in = SignIn(
        sessions,
        cookies,
        AccountReader(settings.discord, secret.get_secret_value(), settings.sign_in_back),
        secret=token.get_secret_value(),
        address=settings.public_url,
        find_id=lambda: client.application_id,
        list_servers=lambda: [guild.id for guild in client.guilds],
        pages=(GALLERY,),
    )
    sights, collection = Sights(client, jobs.records), PictureCollection(client, jobs, withdraw)
    given = sessions, sights, collection
    served = PictureFiles(
        *given, PictureViews(files, door), jobs=jobs, files=files, marking=marking
    )
    page = GalleryPage(*given, address=settings.public_url, strip=partial(strip_markup, client))
    pages: list[Page] = [sign_in, build_shared_assets(), served]
    pages += [SharedPictures(collection, served), page]
    return Gallery(pages, collection, GalleryFiller(jobs.records))
