"""Interactions by id and by token, and how long each may still be answered."""

from __future__ import annotations

from playground.state.clock import Clock
from playground.state.records import ANSWER_WITHIN, TOKEN_LIFE, Interaction, MessageType


class Interactions:
    """Every interaction there was, and which of them wait for their first answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._waiting: dict[int, Interaction] = {}

    def add(self, interaction: Interaction) -> None:
        """Know an interaction from now on."""
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        if interaction.answer is None and not interaction.failed:
            self._waiting[interaction.id] = interaction

    def get(self, interaction_id: int | None) -> Interaction | None:
        """Return the interaction with an id."""
        return self._by_id.get(interaction_id or 0)

    def all(self) -> list[Interaction]:
        """Return every interaction, oldest first."""
        return list(self._by_id.values())

    def by_token(self, token: str) -> Interaction | None:
        """Return the interaction of a token, dead or alive."""
        return self._by_token.get(token)

    def alive(self, interaction: Interaction) -> bool:
        """Return whether an interaction's token still works."""
        return self._clock.now() - interaction.created <= TOKEN_LIFE

    def late(self, interaction: Interaction) -> bool:
        """Return whether the time for a first answer is over."""
        return self._clock.now() - interaction.created > ANSWER_WITHIN

    def settle(self, interaction: Interaction) -> None:
        """Wait for an interaction's first answer no longer."""
        self._waiting.pop(interaction.id, None)

    def take_late(self) -> list[Interaction]:
        """Return those whose time for a first answer is over, and wait for them no longer."""
        late = [interaction for interaction in self._waiting.values() if self.late(interaction)]
        for interaction in late:
            self.settle(interaction)
        return late

    def kind_of_answer(self, interaction: Interaction) -> MessageType:
        """Return what kind of message answers an interaction that no message is answered by."""
        rooted = self.get(interaction.parent_id) or interaction
        menu = rooted.data.get("type") in (2, 3)
        return MessageType.MENU_ANSWER if menu else MessageType.SLASH_ANSWER
