"""A strict Discord stand-in: REST, gateway, files and a page, for tests and for `make play`."""

from playground.harness import Playground
from playground.people import NotPossibleError
from playground.views import InteractionView, MessageView, PatienceError

__all__ = ["InteractionView", "MessageView", "NotPossibleError", "PatienceError", "Playground"]
