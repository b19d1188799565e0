"""The Discord client: intents, commands, buttons, and what runs beside them."""

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import logging
import pkgutil
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import aiohttp
import discord
import structlog
import yarl
from discord import app_commands
from discord.ext import commands as extensions

from bot.access.audience import is_released
from bot.access.places import AllowedPlaces
from bot.admin.admin_page import build_admin
from bot.components.appeal import AppealButton
from bot.components.asking import ReadingButton
from bot.components.buttons import JobButton
from bot.components.confirm import DraftButton
from bot.components.describing import CardItem, ImageButton
from bot.components.more import MoreMenu
from bot.components.sheet_menu import SheetItem
from bot.delivery.marking import PictureMarks
from bot.delivery.removal import MessageRemover
from bot.delivery.watcher import DeliveryWatcher
from bot.events import dispatch, reactions
from bot.events.conversation import Conversation
from bot.events.dispatch import Handlers
from bot.gallery.build import Gallery, build_gallery
from bot.interactions import callbacks, patience
from bot.interactions.replies import answer_error
from bot.interactions.tracing import build_trace
from bot.painting.submission import PaintingHandler
from bot.painting.web import LARGEST_BODY, PaintingPage
from bot.panels import hello, routing
from bot.requests import edit_plans
from bot.requests.accept import JobAcceptor
from bot.requests.before_after import BeforeAfterHandler
from bot.requests.blend import BlendHandler
from bot.requests.compare import CompareHandler
from bot.requests.derive import DeriveHandler
from bot.requests.describe import DescribeHandler
from bot.requests.editing import EditHandler
from bot.requests.finding import ThingFinder
from bot.requests.imagine import ImagineHandler
from bot.requests.jobs import JobHandler
from bot.requests.lineage import LineageHandler
from bot.requests.models import ServedModels
from bot.requests.moderating import ModerationHandler
from bot.requests.personal_data import PrivacyHandler
from bot.requests.printing import PrintHandler
from bot.requests.relaxed import RelaxedOffers
from bot.requests.results import ResultHandler
from bot.requests.sent_images import SentImages
from bot.requests.translation import TranslationHandler
from bot.requests.verifying import VerifyHandler
from bot.text import languages
from bot.web.assets import build_shared_assets
from bot.web.entrance import build_entrance
from bot.web.guild_members import Members
from bot.web.site import Page, Site
from generation.untrusted.door import PictureDoor
from storage.files import Files
from storage.queue.client import Jobs
from storage.settings import ADMIN, GALLERY, Settings

log: Final = structlog.get_logger(__name__)

INTENTS: Final = discord.Intents(
    guilds=True, guild_reactions=True, dm_reactions=True, guild_messages=True, dm_messages=True
)
"""None of them is privileged: no review, whatever the size."""

CONNECTIONS: Final = 256
"""Connections to Discord at most. Without a limit a crowd has one opened for each of its first
answers, which takes longer than to wait for one that is there."""


def point_at(base: str) -> None:
    """Makes discord.py talk to a stand-in at ``base``, such as http://127.0.0.1:8765."""
    discord.http.Route.BASE = f"{base}/api/v10"
    discord.asset.Asset.BASE = base
    socket = yarl.URL(base).with_path("/gateway/").with_scheme("ws")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = socket


logging.getLogger("discord.app_commands.tree").addFilter(callbacks.is_news)

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
"""Easel never speaks; what voice would need is no news for an admin."""


class Tree(app_commands.CommandTree[Any]):
    """The slash commands; what goes wrong in one becomes a sentence."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Lets everybody in, and speaks their language from here on."""
        languages.speak(str(interaction.locale))
        patience.count_from(interaction.created_at)
        return True

    async def on_error(
        self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /
    ) -> None:
        """Answers in private."""
        await answer_error(interaction, error)


class EaselBot(extensions.AutoShardedBot):
    """The bot.

    Attributes:
        handlers: Do what people ask for.
    """

    def __init__(self, settings: Settings, jobs: Jobs, files: Files) -> None:
        super().__init__(
            command_prefix=extensions.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            http_trace=build_trace(),
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            # Members and messages are never looked up in a cache: interactions bring what is
            # needed, and so memory does not grow with the servers.
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
        )
        self._settings = settings
        # What is shown to nobody is read by those alone who decide about it.
        everything, files = files, files.guarded(partial(is_released, jobs.records))
        self._marking = PictureMarks(settings, jobs.records, files)
        self._delivery = DeliveryWatcher(self, jobs, files, self._marking)
        self._remover = MessageRemover(self, jobs.records)
        models = ServedModels(settings)
        self._door = PictureDoor(settings.max_image_seconds, settings.max_pixels_m * 10**6)
        places = AllowedPlaces(self, settings)
        acceptor = JobAcceptor(
            settings,
            models,
            jobs,
            SentImages(settings, files, self._door, self.http),
            self._delivery,
            places=places,
            client=self,
        )
        derive, painting = DeriveHandler(acceptor), None
        results = ResultHandler(jobs, files, self._delivery, self._marking)
        self._site: Site | None = None
        self._gallery = Gallery()
        if settings.public_url:
            painting = PaintingHandler(self, acceptor, derive, files, settings)
            pages: list[Page] = [PaintingPage(painting), build_shared_assets()]
            entrance = build_entrance(self, settings, (GALLERY, ADMIN))
            if entrance is not None:
                sessions, members = entrance.sessions, Members(self)
                self._gallery = build_gallery(
                    *(self, settings, jobs, files),
                    sessions=sessions,
                    members=members,
                    door=self._door,
                    marking=self._marking,
                    withdraw=self._remover.wake,
                )
                admin = build_admin(self, settings, jobs, sessions=sessions, members=members)
                pages += [entrance.sign_in, *self._gallery.pages, admin]
            self._site = Site(pages, painting.strip_markup, LARGEST_BODY)
        imagine = ImagineHandler(acceptor)
        self.handlers = Handlers(
            models=models,
            records=jobs.records,
            imagine=imagine,
            blend=BlendHandler(acceptor),
            compare=CompareHandler(acceptor),
            derive=derive,
            editing=EditHandler(
                acceptor, derive, results, imagine, ThingFinder(models, jobs, files)
            ),
            relaxed=RelaxedOffers(acceptor),
            describe=DescribeHandler(acceptor, imagine),
            results=results,
            printing=PrintHandler(jobs, files, self._marking),
            lineage=LineageHandler(jobs, files),
            before_after=BeforeAfterHandler(jobs, files, self._marking),
            jobs=JobHandler(jobs),
            moderation=ModerationHandler(settings, jobs, everything, self._remover.wake),
            privacy=PrivacyHandler(settings, jobs, files, self._remover.wake),
            translation=TranslationHandler(acceptor),
            verify=VerifyHandler(acceptor, self._marking),
            painting=painting,
        )

        self._conversation = Conversation(self, self.handlers, places)

    async def setup_hook(self) -> None:
        """Loads every command file, registers the commands if they changed, goes to work.

        Raises:
            SettingsError: The pages cannot be served as the settings say.
            IdentityError: The certificate of the settings cannot sign.
        """
        if self._site is not None:
            # The pages first: a port that is taken should end the start before Discord counts a
            # login.
            await self._site.start(self._settings.page_host, self._settings.page_port)
        # A certificate that cannot sign shall end the start, not every delivery.
        await self._marking.load()
        # Half a second, for which the first person with a wish for a picture would wait.
        await asyncio.to_thread(edit_plans.plan, "warmer", (), whole=False)
        await asyncio.to_thread(languages.load_ages)
        callbacks.FirstAnswers(self).use()
        for name in find_command_files():
            await self.load_extension(name)
        await self.tree.set_translator(languages.CommandTranslator())
        self.add_dynamic_items(JobButton, MoreMenu, ReadingButton, SheetItem)
        self.add_dynamic_items(DraftButton, CardItem, ImageButton, AppealButton, routing.PanelItem)
        await self._sync()
        self._delivery.start()
        self._remover.start()
        if self._gallery.filler is not None:
            self._gallery.filler.start()

    async def close(self) -> None:
        """Stops serving and delivering, then leaves Discord."""
        if self._site is not None:
            await self._site.stop()
        # Before leaving Discord, so that no message is half edited.
        await self._delivery.stop()
        await self._remover.stop()
        if self._gallery.filler is not None:
            await self._gallery.filler.stop()
        await super().close()
        self._door.close()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Takes forms, and presses that no button of this version owns."""
        await dispatch.take(self.handlers, interaction)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Says how to begin on a server that the bot was added to."""
        if self._settings.allowed_servers and guild.id not in self._settings.allowed_servers:
            return
        with languages.speaking(str(guild.preferred_locale)):
            panel = hello.build_panel()
        for place in hello.find_places(guild):
            # What a channel allows is known only as far as it was told; then the next may take it.
            with contextlib.suppress(discord.HTTPException):
                await place.send(panel.text, view=routing.build_view(panel))
                return

    async def on_message(self, message: discord.Message) -> None:
        """Takes what people say to the bot without a command."""
        await self._conversation.take(message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Keeps from the gallery what was deleted on a server."""
        await self._withdraw({payload.message_id})

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """The same of many messages at once."""
        await self._withdraw(payload.message_ids)

    async def _withdraw(self, message_ids: Collection[int]) -> None:
        if self._gallery.collection is not None:
            await self._gallery.collection.withdraw(message_ids)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Takes reactions under the bot's own messages."""
        await reactions.take(self, self.handlers, payload)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        """Takes reactions back."""
        await reactions.take_back(self.handlers, payload)

    async def _sync(self) -> None:
        """Registers the commands where the set differs from what Discord has, and nowhere else."""
        # Commands of one server appear at once, global ones after minutes.
        guild = discord.Object(self._settings.guild) if self._settings.guild else None
        if guild:
            self.tree.copy_global_to(guild=guild)
        commands = self.tree.get_commands(guild=guild)
        translator = languages.CommandTranslator()
        payload = [await c.get_translated_payload(self.tree, translator) for c in commands]
        wanted = _hash_payload(payload)
        path = Path(self._settings.data) / "commands.json"
        note = _read_note(path)
        await self._clear_others(guild, note.get("guild"))
        there = {str(c.id) for c in await self.tree.fetch_commands(guild=guild)}
        # Registering is limited to 200 a day, and an unchanged set need not be sent at all. The ids
        # tell whether another installation has replaced it meanwhile.
        state = {"fingerprint": wanted, "ids": sorted(there), "guild": self._settings.guild}
        if {"guild": None, **note} == state:
            return
        synced = await self.tree.sync(guild=guild)
        state["ids"] = sorted(str(command.id) for command in synced)
        path.write_text(json.dumps(state), encoding="utf-8")
        log.info("commands_registered", count=len(synced))

    async def _clear_others(self, guild: discord.Object | None, before: int | None) -> None:
        """Takes away what was registered for all servers, or for another one, by other settings."""
        if guild is not None and await self.tree.fetch_commands():
            self.tree.clear_commands(guild=None)
            await self.tree.sync()
        if before not in {None, guild and guild.id}:
            # The bot may have left that server.
            with contextlib.suppress(discord.Forbidden, discord.NotFound):
                await self.tree.sync(guild=discord.Object(before))


Interaction: TypeAlias = discord.Interaction[EaselBot]
"""What commands are called with: an interaction that knows its client."""


def find_command_files() -> list[str]:
    """Names of the modules that hold commands; found rather than imported, which would be a circle.

    Each is a discord.py extension.
    """
    found = importlib.util.find_spec("commands")
    folders = found.submodule_search_locations if found else None
    return [module.name for module in pkgutil.iter_modules(folders, "commands.")]


def _hash_payload(payload: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _read_note(note: Path) -> dict[str, Any]:
    """What was registered last; nothing where that is not known."""
    kept = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    return kept if isinstance(kept, dict) else {}
