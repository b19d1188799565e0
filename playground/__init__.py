"""A strict Discord stand-in: REST, gateway, files and a page, for tests and for `make play`."""

from playground.client.options import NotPossibleError
from playground.harness.drive import Playground
from playground.harness.views import Interaction, Message, PatienceError

__all__ = ["Interaction", "Message", "NotPossibleError", "PatienceError", "Playground"]
