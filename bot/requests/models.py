"""Which model draws what: the served ones, found for prompts and for recipes."""

from bot.access import policy
from bot.errors import NotAbleError, OtherFamilyError
from generation.catalogue.card import Capability, Card
from generation.catalogue.served import ServedModel, choose_usual, find_model_of, list_served
from generation.recipe import Recipe
from prompt.errors import PromptError
from prompt.reading.grammar import Prompt
from prompt.resolution.choice import choose_for
from prompt.resolution.presets import check_preset
from prompt.resolution.versions import parse_versions
from storage.decisions.choices import ServerChoices
from storage.settings import Settings, SettingsError


class ServedModels:
    """What draws here.

    Attributes:
        by_name: The models by name; the usual one first.
        versions: Family by version of Midjourney.
        finder: What finds things in pictures by words, as the settings name it; empty for nothing.
    """

    def __init__(self, settings: Settings) -> None:
        """Reads the settings.

        Raises:
            SettingsError: The versions cannot be read.
        """
        self.by_name, self.finder = list_served(settings), settings.finder
        try:
            self.versions = parse_versions(settings.versions)
        except PromptError as error:
            raise SettingsError(f"EASEL_VERSIONS cannot be read: {error}") from None

    @property
    def cards(self) -> list[Card]:
        """The cards of what draws here, the usual one's first."""
        return [one.card for one in self.by_name.values()]

    def find_for(
        self,
        prompt: Prompt,
        attached: int = 0,
        *,
        photographs: bool = False,
        choices: ServerChoices | None = None,
    ) -> ServedModel:
        """What draws a prompt.

        Args:
            prompt: What to draw.
            attached: How many images come with it besides those it links to.
            photographs: Whether all that the pictures are made from are known to be photographs.
            choices: What the server decided, where it is known.
        """
        return choose_for(
            prompt,
            self.by_name,
            self.versions,
            images=attached + len(prompt.images),
            photographs=photographs,
            allowed=lambda card: choices is None or policy.allows(choices, card, self.cards),
        )

    def find_maker(self, recipe: Recipe) -> ServedModel:
        """What drew the pictures of a recipe, and draws what is made of them.

        Raises:
            OtherFamilyError: It is no longer here.
        """
        if found := find_model_of(self.by_name, recipe):
            return found
        # If the family is still here, its name would not say what is missing: the checkpoint's
        # does.
        related = any(card.id == recipe.family for card in self.cards)
        gone = recipe.model if related else recipe.family
        raise OtherFamilyError(gone, choose_usual(self.by_name).card.title)

    def require(self, capability: Capability, card: Card | None = None) -> None:
        """Goes on if a model can do something, or, where it is not known yet, if any can.

        Raises:
            NotAbleError: It cannot.
        """
        able = [card] if card else self.cards
        if not any(capability in each.capabilities for each in able):
            raise NotAbleError(capability, able[0].title)

    def normalize(self, text: str) -> str:
        """A text that is kept for later prompts, in canonical spelling.

        Raises:
            PromptError: It cannot be kept.
        """
        return check_preset(text, self.by_name)
