"""A strict Discord stand-in: REST, gateway, files and a page, for tests and for `make play`."""

from playground.harness import InteractionView, MessageView, PatienceError, Playground
from playground.people import NotPossibleError

__all__ = ["InteractionView", "MessageView", "NotPossibleError", "PatienceError", "Playground"]
