"""The Discord client: intents, commands, buttons, and what runs beside them."""

import hashlib
import importlib.util
import json
import pkgutil
from pathlib import Path
from typing import Any, Final, cast

import discord
import structlog
import yarl
from discord import app_commands
from discord.ext import commands as extensions

from bot import errors
from bot.components import buttons, confirm, modals, panel
from bot.delivery.watcher import Delivery
from bot.events import reactions
from bot.painting.submission import Painting
from bot.painting.web import Page
from bot.panels import routing
from bot.requests.accept import Acceptance
from bot.requests.derive import Offspring
from bot.requests.imagine import Intake
from bot.requests.results import Results
from bot.text import languages, sentences
from bot.text.languages import say
from storage.files import Files
from storage.queue.engine import Jobs
from storage.settings import Settings

log: Final = structlog.get_logger(__name__)

INTENTS: Final = discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True)
"""None of them is privileged: no review, whatever the size."""

TEMPLATES: Final = (buttons.TEMPLATE, confirm.TEMPLATE, panel.TEMPLATE)
"""Custom ids that this version answers."""


def point_at(base: str) -> None:
    """Makes discord.py talk to a stand-in at ``base``, such as http://127.0.0.1:8765."""
    discord.http.Route.BASE = f"{base}/api/v10"
    discord.asset.Asset.BASE = base
    socket = yarl.URL(base).with_path("/gateway/").with_scheme("ws")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = socket


discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
"""Easel never speaks; what voice would need is no news for an admin."""


class Tree(app_commands.CommandTree[Any]):
    """The slash commands; what goes wrong in one becomes a sentence."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Lets everybody in, and speaks their language from here on."""
        languages.speak(str(interaction.locale))
        return True

    async def on_error(
        self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /
    ) -> None:
        """Answers in private."""
        await errors.answer(interaction, error)


class EaselBot(extensions.AutoShardedBot):
    """The bot.

    Attributes:
        intake: Takes requests as typed.
        offspring: Takes requests for pictures from pictures.
        results: Shows, sends and deletes pictures.
        painting: Takes what people paint over pictures; None where no page has an address.
        records: Keeps what people and servers decide.
        most: Most unfinished jobs that anybody may have, whatever a server allows.
    """

    def __init__(self, settings: Settings, jobs: Jobs, files: Files) -> None:
        super().__init__(
            command_prefix=extensions.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
        )
        self._settings = settings
        self._delivery = Delivery(self, jobs, files)
        acceptance = Acceptance(settings, jobs, files, self._delivery)
        self.intake = Intake(acceptance)
        self.offspring = Offspring(acceptance)
        self.results = Results(jobs, files)
        self.painting: Painting | None = None
        self._page: Page | None = None
        if settings.public_url:
            self.painting = Painting(self, acceptance, self.offspring, files, settings)
            self._page = Page(self.painting)
        self.records = jobs.records
        self.most = jobs.most

    async def setup_hook(self) -> None:
        """Loads every command file, registers the commands if they changed, goes to work.

        Raises:
            SettingsError: The painting page cannot be served as the settings say.
        """
        if self._page is not None:
            await self._page.start(self._settings.page_host, self._settings.page_port)
        for name in command_files():
            await self.load_extension(name)
        await self.tree.set_translator(languages.CommandTranslator())
        self.add_dynamic_items(buttons.JobButton, confirm.DraftButton, routing.Part)
        await self._sync()
        self._delivery.start()

    async def close(self) -> None:
        """Stops serving and delivering, then leaves Discord."""
        if self._page is not None:
            await self._page.stop()
        await self._delivery.stop()
        await super().close()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Takes forms, and answers presses on components that no button of this version owns."""
        if interaction.type is discord.InteractionType.modal_submit:
            await self._take_form(interaction)
        if interaction.type is not discord.InteractionType.component:
            return
        languages.speak(str(interaction.locale))
        custom_id = str(cast("dict[str, Any]", interaction.data)["custom_id"])
        if not any(template.fullmatch(custom_id) for template in TEMPLATES):
            await interaction.response.send_message(say(sentences.OLD_BUTTON), ephemeral=True)

    async def _take_form(self, interaction: discord.Interaction[Any]) -> None:
        """Does what a submitted form says by its custom id alone, whoever opened it."""
        languages.speak(str(interaction.locale))
        custom_id = str(cast("dict[str, Any]", interaction.data)["custom_id"])
        if found := panel.TEMPLATE.fullmatch(custom_id):
            return await routing.take(interaction, found)
        found = modals.TEMPLATE.fullmatch(custom_id)
        try:
            if begun := modals.START.fullmatch(custom_id):
                return await self.intake.start(interaction, begun["draft"])
            kind = buttons.KINDS.get(found["action"]) if found else None
            if found is None or kind is None:
                raise errors.OldButtonError
            await self.offspring.submit(interaction, found["job"], kind, int(found["index"]))
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await errors.answer(interaction, error)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Takes reactions under the bot's own messages."""
        await reactions.take(self, payload)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        """Takes reactions back."""
        await reactions.take_back(self, payload)

    async def _sync(self) -> None:
        """Registers the commands where the set differs from what Discord has."""
        guild = discord.Object(self._settings.guild) if self._settings.guild else None
        if guild:
            self.tree.copy_global_to(guild=guild)
        commands = self.tree.get_commands(guild=guild)
        translator = languages.CommandTranslator()
        payload = [await c.get_translated_payload(self.tree, translator) for c in commands]
        wanted = _fingerprint(payload)
        note = Path(self._settings.data) / "commands.json"
        there = {str(c.id) for c in await self.tree.fetch_commands(guild=guild)}
        if _read(note) == {"fingerprint": wanted, "ids": sorted(there)}:
            return
        synced = await self.tree.sync(guild=guild)
        ids = sorted(str(command.id) for command in synced)
        note.write_text(json.dumps({"fingerprint": wanted, "ids": ids}), encoding="utf-8")
        log.info("commands_registered", count=len(synced))


def command_files() -> list[str]:
    """Names of the modules that hold commands; found rather than imported, which would be a circle.

    Each is a discord.py extension.
    """
    found = importlib.util.find_spec("commands")
    folders = found.submodule_search_locations if found else None
    return [module.name for module in pkgutil.iter_modules(folders, "commands.")]


def _fingerprint(payload: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _read(note: Path) -> object:
    return json.loads(note.read_text(encoding="utf-8")) if note.is_file() else None
