"""What is kept for a person and their server, and how it adds to a prompt."""

from typing import Any, Final, Self

import discord

from prompt.flags.sources import PromptSource
from prompt.flags.table import PRESET
from prompt.reading.grammar import Prompt
from prompt.resolution.presets import USUAL, Layer, Merged, Origin, choose, merge
from storage.database.records import Records
from storage.decisions.kept import Kept, read_kept

CHOICES: Final = 25
"""Most choices that Discord shows."""


class UserDefaults(Kept):
    """Everything kept that may add to a prompt."""

    __slots__ = ()

    @classmethod
    async def load(cls, records: Records, interaction: discord.Interaction[Any]) -> Self:
        """What is kept for the person and the server of an interaction."""
        place = interaction.user.id, interaction.guild_id
        kept = await records.read(read_kept, *place)
        return cls(kept.person, kept.own, kept.server, kept.shared)

    def complete(
        self, prompt: Prompt, preset: str = "", source: PromptSource = PromptSource.IMAGINE
    ) -> Merged:
        """The prompt with everything added.

        Args:
            prompt: What the person typed.
            preset: Name of the preset that they chose beside the prompt, if any.
            source: Where they typed it.

        Raises:
            PromptError: There is no preset of that name.
        """
        # Chosen beside the prompt, typed in it, then the person's usual one: the most explicit
        # counts.
        name = preset or PRESET.of(prompt.flags) or self._find_usual()
        layers = [choose(name, self.own, self.shared)] if name else []
        texts = (self.person.flags, self.person.suffix)
        layers += [Layer(Origin.PERSON, "", text) for text in texts if text]
        default = self.server.preset
        # The default may have been deleted since it was set.
        if default in self.shared:
            layers.append(Layer(Origin.SERVER, default, self.shared[default], words=not name))
        if source in USUAL:
            layers.append(Layer(Origin.COMMAND, source, USUAL[source]))
        return merge(prompt, layers, source)

    def _find_usual(self) -> str:
        """The preset that the person uses where none is named, if it is still there."""
        usual = self.person.preset
        return usual if usual in self.own or usual in self.shared else ""

    def list_names(self, typed: str) -> list[str]:
        """Names of presets that contain what was typed, for autocompletion."""
        known = dict.fromkeys((*self.own, *self.shared))
        return [name for name in known if typed.lower() in name][:CHOICES]
