"""Presses and forms: what each custom id leads to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import discord

from bot.components import (
    appeal,
    asking,
    buttons,
    confirm,
    describing,
    modals,
    more,
    panel,
    sheet_menu,
)
from bot.components.describing import CardPress
from bot.errors import FastSpentError, OldButtonError
from bot.interactions.host import FindPicture
from bot.interactions.replies import answer_error, telling_errors
from bot.painting.submission import PaintingHandler
from bot.panels import routing
from bot.requests.before_after import BeforeAfterHandler
from bot.requests.blend import BlendHandler
from bot.requests.compare import CompareHandler
from bot.requests.derive import DeriveHandler
from bot.requests.describe import DescribeHandler
from bot.requests.editing import EditHandler
from bot.requests.imagine import ImagineHandler
from bot.requests.jobs import JobHandler
from bot.requests.lineage import LineageHandler
from bot.requests.models import ServedModels
from bot.requests.moderating import ModerationHandler
from bot.requests.personal_data import PrivacyHandler
from bot.requests.printing import PrintHandler
from bot.requests.relaxed import RelaxedOffers
from bot.requests.results import ResultHandler
from bot.requests.translation import TranslationHandler
from bot.requests.verifying import VerifyHandler
from bot.text.languages import speak
from generation.catalogue.card import Card
from prompt.writing.programs import Program
from storage.database.records import Records
from storage.privacy.retention import HostPolicy
from storage.queue.limits import HostLimits
from storage.queue.moderation import Decision

TEMPLATES: Final = (
    buttons.TEMPLATE,
    more.TEMPLATE,
    asking.TEMPLATE,
    confirm.TEMPLATE,
    panel.TEMPLATE,
    describing.TEMPLATE,
    describing.IMAGE,
    sheet_menu.TEMPLATE,
    appeal.TEMPLATE,
)
"""Custom ids that this version answers."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """Everything that does what people ask for; the client builds it once.

    Rooms below know it as ``interactions.host.Host``.

    Attributes:
        models: What draws here.
        records: Keeps what people and servers decide.
        imagine: Takes prompts as typed.
        blend: Takes images to be blended.
        compare: Draws sheets, on which one or two dials change from picture to picture.
        derive: Takes requests for pictures from pictures.
        editing: Takes what people ask of pictures in words.
        relaxed: Keeps what was refused as fast, and has it drawn relaxed.
        describe: Describes pictures and shortens prompts.
        results: Shows, sends and deletes pictures.
        printing: Makes files for paper.
        lineage: Shows what pictures were made of, and what was made of them.
        before_after: Shows pictures beside what they were made of.
        privacy: Sends copies of what is kept of people, and forgets them.
        moderation: Takes reports and appeals, and what moderators decide.
        jobs: Cancels jobs, and tells how the queue stands.
        translation: Writes prompts for other programs.
        verify: Tells where pictures are from.
        painting: Takes what people paint over pictures; None where no page has an address.
    """

    models: ServedModels
    records: Records
    imagine: ImagineHandler
    blend: BlendHandler
    compare: CompareHandler
    derive: DeriveHandler
    editing: EditHandler
    relaxed: RelaxedOffers
    describe: DescribeHandler
    results: ResultHandler
    printing: PrintHandler
    lineage: LineageHandler
    before_after: BeforeAfterHandler
    jobs: JobHandler
    moderation: ModerationHandler
    privacy: PrivacyHandler
    translation: TranslationHandler
    verify: VerifyHandler
    painting: PaintingHandler | None

    @property
    def cards(self) -> Sequence[Card]:
        """The cards of what draws here, the usual one's first."""
        return self.models.cards

    @property
    def limits(self) -> HostLimits:
        """How much anybody may ask for, whatever a server allows."""
        return self.jobs.limits

    @property
    def policy(self) -> HostPolicy:
        """What whoever runs the bot says of what is kept of people."""
        return self.privacy.policy

    async def press(
        self, interaction: discord.Interaction[Any], action: str, job: str, index: int
    ) -> None:
        """Does as a button under pictures says.

        Args:
            interaction: Who presses, and where.
            action: The action in the button's custom id.
            job: The job under whose pictures it is.
            index: Number of the picture, 0 where it does not matter.

        Raises:
            OldButtonError: This version knows no such button.
            Exception: Whatever the action raises.
        """
        kind = buttons.KINDS.get(action)
        if kind is None:
            raise OldButtonError
        if action == "cancel":
            await self.jobs.cancel(interaction, job)
        elif action == "favourite":
            await self.results.toggle_favourite(interaction, job, max(0, index - 1))
        elif action == "edit":
            await self.editing.offer(interaction, job, index)
        elif action == "print":
            await self.printing.offer(interaction, job, index)
        elif action == "before":
            await self.before_after.show(interaction, job, index)
        elif action == "history":
            await self.lineage.show(interaction, job)
        elif action == "recipe":
            await self.results.show_recipe(interaction, job)
        elif action == "describe":
            await self.describe.take_picture(interaction, job, index)
        # Without a page, or where the bot could not answer later, a form with nine parts does it.
        elif action == "region" and self.painting and self.painting.reaches(interaction):
            await self.painting.offer(interaction, job, index)
        else:
            await self.derive.press(interaction, job, kind, index)

    async def renew_menu(self, message: discord.Message, job: str, view: discord.ui.View) -> None:
        """Shows a menu for a job's pictures with nothing chosen in it."""
        await self.results.renew_menu(message, job, view)

    async def press_card(
        self, interaction: discord.Interaction[Any], custom_id: str, chosen: Sequence[str]
    ) -> None:
        """Does as a button or a menu under a description says.

        Raises:
            OldButtonError: This version knows no such button.
        """
        press = CardPress.read(custom_id, chosen)
        if press is None:
            raise OldButtonError
        await self.describe.press(interaction, press)

    async def use_image(
        self, interaction: discord.Interaction[Any], action: str, draft: str
    ) -> None:
        """Does what was chosen with an image that waits in a draft."""
        if action == "describe":
            await self.describe.take_draft(interaction, draft)
        elif action == "verify":
            await self.verify.take_draft(interaction, draft)
        elif action == "edit":
            await interaction.response.send_modal(modals.build_draft_form(draft))
        else:
            await interaction.response.send_modal(modals.build_start_form(draft))

    async def take_reading(
        self, interaction: discord.Interaction[Any], reading: str, draft: str, index: int
    ) -> None:
        """Takes the answer to what a wish for a picture means."""
        await self.editing.take_reading(interaction, reading, draft, index)

    async def draw(self, interaction: discord.Interaction[Any], prompt: str) -> None:
        """Draws a prompt as if it had been typed."""
        await self.imagine.take_prompt(interaction, prompt)

    async def copy(self, interaction: discord.Interaction[Any], job: str, program: Program) -> None:
        """Writes a job's prompt for another program."""
        await self.translation.copy(interaction, job, program)

    async def start_from(self, interaction: discord.Interaction[Any], find: FindPicture) -> None:
        """Asks for words to go with an image, whose address is found meanwhile."""
        await self.imagine.offer_start(interaction, find)

    async def show(self, interaction: discord.Interaction[Any], job: str) -> None:
        """Shows a job again, with its buttons."""
        await self.results.show(interaction, job)

    async def show_latest(self, interaction: discord.Interaction[Any], page: int) -> None:
        """Turns the page of a person's own pictures."""
        await self.results.offer_latest(interaction, page)

    async def confirm(
        self, interaction: discord.Interaction[Any], draft: str, *, asked: bool
    ) -> None:
        """Takes a yes to a question about many jobs, or to a suggestion if none was asked."""
        await self.imagine.confirm(interaction, draft, asked=asked)

    async def offer_relaxed(
        self, interaction: discord.Interaction[Any], error: FastSpentError
    ) -> discord.ui.View:
        """Keeps what was refused as fast; the button that has it drawn relaxed."""
        return await self.relaxed.keep(interaction, error)

    async def draw_relaxed(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a yes to that."""
        await self.relaxed.take(interaction, draft)

    async def draw_sheet(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a yes to a sheet."""
        await self.compare.confirm(interaction, draft)

    async def press_sheet(
        self, interaction: discord.Interaction[Any], action: str, job: str, chosen: Sequence[str]
    ) -> None:
        """Does as the menu or the button under a sheet says.

        Raises:
            OldButtonError: This version knows no such button.
        """
        if action == "pick":
            await self.compare.show_cell(interaction, job, chosen)
        elif action == "again":
            await self.compare.draw_again(interaction, job)
        else:
            raise OldButtonError

    async def forget(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a no to it."""
        await self.imagine.forget(interaction, draft)

    async def send_copy(self, interaction: discord.Interaction[Any]) -> None:
        """Sends somebody in private all that is kept of them."""
        await self.privacy.send_copy(interaction)

    async def erase(self, person_id: int) -> None:
        """Deletes all that is kept of somebody."""
        await self.privacy.erase(person_id)

    async def report(self, interaction: discord.Interaction[Any], job: str, reason: str) -> str:
        """Takes a report of a job's pictures; what is told of it."""
        return await self.moderation.report(interaction, job, reason)

    async def show_queue(self, interaction: discord.Interaction[Any], after: str = "") -> None:
        """Shows a moderator a case that waits."""
        await self.moderation.show_queue(interaction, after)

    async def decide(
        self, interaction: discord.Interaction[Any], job: str, decision: Decision, reason: str
    ) -> None:
        """Does as a moderator decides about a case."""
        await self.moderation.decide(interaction, job, decision, reason)

    async def submit(self, interaction: discord.Interaction[Any]) -> None:
        """Does what a submitted form says by its custom id alone, whoever opened it."""
        custom_id = _read_custom_id(interaction)
        # Panels answer their own errors, as they do for presses.
        if found := panel.TEMPLATE.fullmatch(custom_id):
            await routing.take_press(interaction, found)
            return
        async with telling_errors(interaction):
            await self._submit(interaction, custom_id)

    async def _submit(self, interaction: discord.Interaction[Any], custom_id: str) -> None:
        if begun := modals.START.fullmatch(custom_id):
            await self.imagine.take_start(interaction, begun["draft"])
            return
        if asked := modals.EDIT.fullmatch(custom_id):
            await self.editing.submit(interaction, asked["job"], int(asked["index"]))
            return
        if asked := modals.PRINT.fullmatch(custom_id):
            await self.printing.submit(interaction, asked["job"], int(asked["index"]))
            return
        if asked := modals.EDIT_DRAFT.fullmatch(custom_id):
            await self.editing.submit_draft(interaction, asked["draft"])
            return
        if custom_id == describing.DRAW:
            await self.imagine.take_prompt(interaction, modals.read_prompt(interaction))
            return
        if asked := appeal.TEMPLATE.fullmatch(custom_id):
            await self.moderation.take_appeal(interaction, asked["job"])
            return
        if press := CardPress.read(custom_id):
            await self.describe.submit(interaction, press)
            return
        found = modals.TEMPLATE.fullmatch(custom_id)
        kind = buttons.KINDS.get(found["action"]) if found else None
        if found is None or kind is None:
            raise OldButtonError
        await self.derive.submit(interaction, found["job"], kind, int(found["index"]))


async def take(handlers: Handlers, interaction: discord.Interaction[Any]) -> None:
    """Takes forms, and answers presses on components that no button of this version owns."""
    if interaction.type is discord.InteractionType.modal_submit:
        await handlers.submit(interaction)
    if interaction.type is not discord.InteractionType.component:
        return
    speak(str(interaction.locale))
    # Presses on buttons that are known reach their own callback; what is left is from another
    # version.
    if not any(template.fullmatch(_read_custom_id(interaction)) for template in TEMPLATES):
        await answer_error(interaction, OldButtonError())


def _read_custom_id(interaction: discord.Interaction[Any]) -> str:
    return str(cast("dict[str, Any]", interaction.data)["custom_id"])
