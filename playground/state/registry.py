"""The commands that a bot registered: for everywhere, and for the server alone."""

from __future__ import annotations

from playground.state.cast import GUILD_ID
from playground.state.clock import Snowflakes
from playground.state.records import Body

EVERYWHERE = 0
"""The scope of global commands; any other scope is a server's id."""


class Registry:
    """Command objects by scope."""

    def __init__(self, ids: Snowflakes) -> None:
        self._ids = ids
        self._by_scope: dict[int, list[Body]] = {}

    @property
    def used(self) -> bool:
        """Whether a bot ever registered its commands, if only an empty list."""
        return bool(self._by_scope)

    def of(self, scope: int) -> list[Body]:
        """Return the commands of a scope."""
        return self._by_scope.get(scope, [])

    def all(self) -> list[Body]:
        """Return the commands that people are offered: the server's own, then the global ones."""
        return [*self.of(GUILD_ID), *self.of(EVERYWHERE)]

    def scope_of(self, command: Body) -> int:
        """Return the scope in which a command object was registered."""
        return next((scope for scope, its in self._by_scope.items() if command in its), EVERYWHERE)

    def load(self, scope: int, commands: list[Body]) -> None:
        """Know the commands of an earlier run."""
        self._by_scope[scope] = commands

    def replace(self, scope: int, commands: list[Body]) -> list[Body]:
        """Replace a scope's commands; those that stay by type and name keep their ids."""
        known = {(c["type"], c["name"]): c["id"] for c in self.of(scope)}
        self._by_scope[scope] = [
            {**c, "id": known.get((c["type"], c["name"])) or str(self._ids.next())}
            for c in commands
        ]
        return self._by_scope[scope]
