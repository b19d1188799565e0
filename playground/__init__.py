"""A strict Discord stand-in: REST, gateway, files and a page, for tests and for `make play`."""

from playground.harness import Playground
from playground.options import NotPossibleError
from playground.views import Interaction, Message, PatienceError

__all__ = ["Interaction", "Message", "NotPossibleError", "PatienceError", "Playground"]
