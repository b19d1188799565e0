"""A small discord.py bot that uses what Easel will use; started as a process of its own by tests.

It is pointed at the stand-in by three attributes of the library and knows nothing else of it.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
from typing import Any, Self

import discord
import yarl
from discord import app_commands, ui
from PIL import Image


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (2, 3), "red").save(buffer, "PNG")
    return buffer.getvalue()


PNG = _png()


def point_at(base: str) -> None:
    discord.http.Route.BASE = f"{base}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(
        f"{base.replace('http', 'ws', 1)}/gateway/"
    )
    discord.asset.Asset.BASE = base


def picture(name: str = "grid.png") -> discord.File:
    return discord.File(io.BytesIO(PNG), name, description="a picture")


class Up(ui.DynamicItem[ui.Button[Any]], template=r"t:u:(?P<job>\d+):(?P<k>[1-4])"):
    def __init__(self, job: int, k: int) -> None:
        super().__init__(ui.Button(label=f"U{k}", custom_id=f"t:u:{job}:{k}"))
        self.job, self.k = job, k

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["job"]), int(match["k"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send(f"picture {self.k} of {self.job}", file=picture("one.png"))


class Menu(ui.DynamicItem[ui.Select[Any]], template="t:menu"):
    def __init__(self) -> None:
        options = [discord.SelectOption(label=name) for name in ("red", "green", "blue")]
        super().__init__(ui.Select(custom_id="t:menu", options=options, max_values=2))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction) -> None:
        assert interaction.data
        values: Any = interaction.data.get("values", [])
        chosen = ", ".join(values)
        await interaction.response.edit_message(content=f"chosen {chosen}", view=None)


def view(job: int) -> ui.View:
    it = ui.View(timeout=None)
    for k in range(1, 5):
        it.add_item(Up(job, k))
    return it


class Bot(discord.Client):
    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents.default(), guild_ready_timeout=0.05, max_ratelimit_timeout=30
        )
        self.tree = app_commands.CommandTree(self)
        commands(self.tree)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        return

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Up, Menu)
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        if message.author.bot:
            return
        if message.guild is None:
            await message.channel.send(f"direct: {message.content}", nonce=message.id)
        elif message.content == "" or self.user in message.mentions:
            await message.reply(f"read {message.content!r}")

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        if self.user and payload.user_id != self.user.id:
            channel = self.get_partial_messageable(payload.channel_id)
            await channel.get_partial_message(payload.message_id).add_reaction(payload.emoji)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        if interaction.type is discord.InteractionType.modal_submit:
            said = [
                c["component"].get("value") or c["component"]["values"] for c in data["components"]
            ]
            files = list(data.get("resolved", {}).get("attachments", {}).values())
            names = [file["filename"] for file in files]
            await interaction.response.send_message(f"modal {said} {names}", ephemeral=True)


def commands(tree: app_commands.CommandTree) -> None:
    @tree.command(description="Make a picture")
    @app_commands.describe(prompt="what", image="from what", steps="how long")
    async def imagine(
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 6000],
        image: discord.Attachment | None = None,
        steps: app_commands.Range[int, 1, 50] = 20,
    ) -> None:
        await interaction.response.defer()
        size = len(await image.read()) if image else 0
        await interaction.edit_original_response(content=f"working on {prompt} ({size})")
        await interaction.edit_original_response(
            content=f"done {prompt}", attachments=[picture()], view=view(interaction.id)
        )

    @imagine.autocomplete("prompt")
    async def completions(
        interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current} {n}", value=f"{current}{n}") for n in range(3)]

    @tree.command(description="Only for you")
    async def secret(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("psst", ephemeral=True)
        await interaction.followup.send("psst again", ephemeral=True)

    @tree.command(description="Choose")
    async def choose(interaction: discord.Interaction) -> None:
        it = ui.View(timeout=None)
        it.add_item(Menu())
        await interaction.response.send_message("which?", view=it)

    @tree.command(description="Ask")
    async def ask(interaction: discord.Interaction) -> None:
        modal = ui.Modal(title="A question", custom_id="t:ask")
        modal.add_item(ui.Label(text="Name", component=ui.TextInput(custom_id="name")))
        upload: ui.FileUpload[Any] = ui.FileUpload(custom_id="file", required=False)
        modal.add_item(ui.Label(text="File", component=upload))
        await interaction.response.send_modal(modal)

    @tree.command(description="Slow")
    async def slow(interaction: discord.Interaction, seconds: float) -> None:
        await asyncio.sleep(seconds)
        try:
            await interaction.response.defer()
        except discord.NotFound as error:
            assert interaction.channel
            await interaction.channel.send(f"too late {error.code}")  # type: ignore[union-attr]

    @tree.command(description="Later")
    async def later(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("waiting")
        await asyncio.Event().wait()

    @tree.command(description="Layout")
    async def layout(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        it = ui.LayoutView(timeout=None)
        box: ui.Container[Any] = ui.Container(accent_colour=discord.Colour.blurple())
        box.add_item(ui.TextDisplay("## A picture"))
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem("attachment://a.png")))
        box.add_item(ui.Section("text", accessory=Up(7, 1)))
        box.add_item(ui.Separator())
        it.add_item(box)
        await interaction.edit_original_response(view=it, attachments=[picture("a.png")])

    @tree.context_menu(name="Describe")
    async def describe(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"described {message.id}")


if __name__ == "__main__":
    point_at(os.environ["EASEL_DISCORD"])
    Bot().run(sys.argv[1], log_handler=None)
