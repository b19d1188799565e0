"""A discord.py bot that gives the page something of everything to show; a process of its own.

What it does at a press waits for the press, so that tests decide when a message changes.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import discord
import yarl
from discord import app_commands, ui
from PIL import Image

STYLES = ("Oil painting", "Watercolour", "Photograph")
PRESETS = ("dreamy", "noir", "pastel", "posters")


def picture(name: str, colour: str, size: tuple[int, int] = (600, 400)) -> discord.File:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    file.seek(0)
    return discord.File(file, name, description=f"all {colour}")


class Buttons(ui.View):
    """Next edits the message, Never is never answered, More answers with another message."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        for label in ("Next", "Never", "More"):
            self.add_item(ui.Button(label=label, custom_id=label.lower()))


class German(app_commands.Translator):
    """Calls one group and one menu otherwise in German."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """What it is called there."""
        words = {"style": "stil", "save": "behalten", "Describe": "Beschreiben"}
        words |= {"Keep a style": "Einen Stil behalten"}
        return words.get(string.message) if locale is discord.Locale.german else None


class Bot(discord.Client):
    """Answers commands, components, forms, reactions and direct messages."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        add_commands(self.tree)
        self.edits = 0

    async def setup_hook(self) -> None:
        """Registers the commands."""
        await self.tree.set_translator(German())
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        """Answers direct messages and mentions."""
        if message.author.bot or (message.guild and self.user not in message.mentions):
            return
        names = [file.filename for file in message.attachments]
        await message.reply(f"read {message.content!r} {names}")

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Reacts likewise."""
        if self.user and payload.user_id != self.user.id:
            channel = self.get_partial_messageable(payload.channel_id)
            await channel.get_partial_message(payload.message_id).add_reaction(payload.emoji)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answers components and forms."""
        data: Any = interaction.data
        if interaction.type is discord.InteractionType.modal_submit:
            fields = [entry["component"] for entry in data["components"]]
            said = [field.get("value", field.get("values")) for field in fields]
            files = data.get("resolved", {}).get("attachments", {}).values()
            names = [file["filename"] for file in files]
            await interaction.response.send_message(f"form {said[0]} {said[1]} {names}")
        elif interaction.type is discord.InteractionType.component:
            await self.pressed(interaction, data)

    async def pressed(self, interaction: discord.Interaction, data: Any) -> None:
        """Answers a component."""
        if data["custom_id"] == "next":
            self.edits += 1
            colour = ("red", "green", "blue")[self.edits % 3]
            files = [picture(f"{colour}-{self.edits}.png", colour)]
            text = f"version {self.edits}"
            await interaction.response.edit_message(content=text, attachments=files)
        elif data["custom_id"] == "more":
            await interaction.response.defer(thinking=True)
            await interaction.followup.send("one more", file=picture("more.png", "orange"))
        elif data["custom_id"] == "menu":
            await interaction.response.send_message(f"chosen {', '.join(data['values'])}")


def add_commands(tree: app_commands.CommandTree) -> None:
    """Adds the commands."""

    @tree.command(description="Draw four pictures")
    @app_commands.describe(prompt="What to draw", image="Start", style="Look", steps="How long")
    @app_commands.choices(style=[app_commands.Choice(name=s, value=s[:3]) for s in STYLES])
    async def imagine(
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 6000],
        image: discord.Attachment | None = None,
        style: str = "none",
        steps: app_commands.Range[int, 1, 50] = 20,
        friend: discord.Member | None = None,
        tiled: bool = False,
    ) -> None:
        size = len(await image.read()) if image else 0
        whom = friend.name if friend else None
        text = f"drawing {prompt} | {size} {style} {steps} {whom} {tiled}"
        await interaction.response.send_message(
            text, file=picture("first.png", "grey"), view=Buttons()
        )

    @tree.command(description="Only for you")
    async def secret(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("psst", ephemeral=True)

    @tree.command(description="Look around")
    async def look(interaction: discord.Interaction, topic: str = "anything") -> None:
        await interaction.response.send_message(f"looking at {topic}")

    @tree.command(description="Never answered")
    async def never(interaction: discord.Interaction) -> None:
        return

    @tree.command(description="Look a preset up")
    async def preset(interaction: discord.Interaction, name: str) -> None:
        await interaction.response.send_message(f"preset {name}")

    @preset.autocomplete("name")
    async def presets(
        interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        found = [name for name in PRESETS if current in name]
        return [app_commands.Choice(name=f"the {name} one", value=name) for name in found]

    @tree.command(description="A form")
    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(form())

    @tree.command(description="A menu in the newer components")
    async def choose(interaction: discord.Interaction) -> None:
        options = [discord.SelectOption(label=word, description=word * 2) for word in STYLES]
        row: ui.ActionRow[Any] = ui.ActionRow()
        row.add_item(ui.Select(custom_id="menu", placeholder="Which?", options=options))
        box: ui.Container[Any] = ui.Container(accent_colour=discord.Colour.orange())
        box.add_item(ui.TextDisplay("## Styles\n-# small"))
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem("attachment://a.png")))
        box.add_item(row)
        view = ui.LayoutView(timeout=None)
        view.add_item(box)
        await interaction.response.send_message(view=view, file=picture("a.png", "purple"))

    group = app_commands.Group(name="style", description="Styles")

    @group.command(description="Keep a style")
    async def save(interaction: discord.Interaction, name: str) -> None:
        await interaction.response.send_message(f"kept {name}")

    tree.add_command(group)

    @tree.context_menu(name="Describe")
    async def describe(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"described {message.content}")


def form() -> ui.Modal:
    """A form with a text, a menu and a file."""
    modal = ui.Modal(title="Change the prompt", custom_id="form")
    text: ui.TextInput[Any] = ui.TextInput(custom_id="text", default="a red apple", min_length=3)
    modal.add_item(ui.Label(text="Prompt", component=text))
    options = [discord.SelectOption(label=word) for word in STYLES]
    modal.add_item(ui.Label(text="Style", component=ui.Select(custom_id="s", options=options)))
    upload: ui.FileUpload[Any] = ui.FileUpload(custom_id="file", required=False)
    modal.add_item(ui.Label(text="Image", component=upload))
    return modal


def point_at(base: str) -> None:
    """Makes discord.py talk to the stand-in."""
    discord.http.Route.BASE = f"{base}/api/v10"
    socket = yarl.URL(f"{base.replace('http', 'ws', 1)}/gateway/")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = socket


if __name__ == "__main__":
    point_at(os.environ["EASEL_DISCORD"])
    Bot().run(sys.argv[1], log_handler=None)
