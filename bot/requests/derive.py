"""Pictures from pictures: what presses of buttons, submitted forms and reactions ask for."""

import secrets
from collections.abc import Sequence
from typing import Any

import discord

from bot.access import ownership, policy
from bot.components import modals
from bot.components.buttons import KINDS, ButtonKind, apply_preference, draw_again
from bot.delivery.destination import Destination, release_promise
from bot.errors import FormLateError, NotAllowedError, OldButtonError, TooLongError
from bot.interactions.patience import begin
from bot.interactions.replies import acknowledge, tell_notes
from bot.interactions.requester import Requester
from bot.requests.accept import JobAcceptor
from bot.requests.job_request import JobRequest
from bot.requests.resolution import require_few_links
from bot.requests.rewording import Change, Fetched, change_words, keep_words
from bot.text import sentences
from bot.text.messages import Title
from bot.text.origins import inherit_origins
from generation.catalogue.card import Capability
from generation.derive import Parent, repaint, settle_shape
from generation.recipe import SEED_LIMIT, Recipe
from prompt.reading.grammar import Prompt
from prompt.resolution.references import list_addresses
from prompt.resolution.resolve import Resolved
from prompt.sentences import Sentence
from storage.decisions.choices import PersonChoices, ServerChoices
from storage.queue.jobs import Job

Decided = tuple[PersonChoices, ServerChoices]
"""What somebody decided, and the server on which they ask."""


class DeriveHandler:
    """Derives recipes from those of earlier jobs, and has them accepted."""

    def __init__(self, acceptor: JobAcceptor) -> None:
        self._acceptor, self._models = acceptor, acceptor.models

    async def press(
        self, interaction: discord.Interaction[Any], parent_id: str, kind: ButtonKind, index: int
    ) -> None:
        """Takes a press of a button: opens its form, or makes what it stands for.

        Args:
            interaction: Who presses, and where.
            parent_id: The job under whose pictures the button is.
            kind: The button.
            index: Number of the picture, 0 where it does not matter.

        Raises:
            NotAbleError: The family cannot do it.
            JobGoneError: The parent is not in the database.
            OtherFamilyError: The parent was drawn by a model that is no longer here.
            NotAllowedError: The server does not allow it.
            FormLateError: There is a form to show, and the database is slow.
        """
        if kind.needs is not None:
            self._models.require(kind.needs)
        # Some buttons always ask; V, 🔄 and the pans ask only where the person turned Remix on.
        asks, message, known = kind.form is not None, None, None
        if kind.remixed:
            reading = await begin(policy.read_choices(self._acceptor.records, interaction))
            if not reading.done():
                message = await acknowledge(interaction)
            known = await reading
            person, _ = known
            kind, asks = apply_preference(kind, person), person.remix
        if asks and message is not None:
            # A form would have had to be the first answer.
            raise FormLateError
        if asks:
            await self._offer_form(interaction, parent_id, kind, index)
        elif kind.derive:
            title, change = Title(kind.action, index or None), keep_words(kind.derive)
            message = message or await acknowledge(interaction)
            parent = await ownership.find_drawing(self._acceptor.jobs, parent_id)
            await self._make(interaction, parent, change, title, promised=message, known=known)

    async def _offer_form(
        self, interaction: discord.Interaction[Any], parent_id: str, kind: ButtonKind, index: int
    ) -> None:
        """Shows the form with the parent's prompt, which has to be the first answer.

        Raises:
            OtherFamilyError: The parent was drawn by a model that is no longer here.
            NotAbleError: That cannot do it.
            TooLongError: The prompt does not fit into it.
        """
        finding = await begin(ownership.find_drawing(self._acceptor.jobs, parent_id))
        if not finding.done():
            raise FormLateError
        recipe = Recipe.from_json(finding.result().recipe)
        self._require(kind, recipe)
        prompt = f"{recipe.prompt} {recipe.parameters}".strip()
        # Discord refuses the whole form, not just the text that is too long for it.
        if len(prompt) > modals.TEXT_LIMIT:
            raise TooLongError(kind.action)
        await interaction.response.send_modal(
            modals.build_remix_form(kind.action, parent_id, index, prompt)
        )

    async def submit(
        self, interaction: discord.Interaction[Any], parent_id: str, kind: ButtonKind, index: int
    ) -> None:
        """Takes a submitted form: what the button does, with other words.

        Raises:
            PromptError: The new prompt is not one, or cannot be drawn; nothing was acknowledged
                yet, unless it links to images or the database is slow.
            NotAllowedError: It links to too many images, or the server does not allow it.
            ZoomError: The form's zoom is no number that it can be.
            NotAbleError: The family cannot do it.
            JobGoneError: The parent is not in the database.
        """
        if kind.needs is not None:
            self._models.require(kind.needs)
        answers = modals.FormAnswers.read(interaction)
        derivation = kind.form(answers) if kind.form else kind.derive
        if derivation is None:
            raise OldButtonError
        require_few_links([answers.prompt])
        fetched = Fetched(list_addresses(answers.prompt.flags))
        change = change_words(self._models, derivation, answers.prompt, kind.source, fetched)
        title = Title(kind.action, index or None)
        finding = await begin(ownership.find_drawing(self._acceptor.jobs, parent_id))
        message = None if finding.done() else await acknowledge(interaction)
        parent = await finding
        await self.try_and_make(interaction, parent, change, title, fetched, promised=message)

    async def try_and_make(
        self,
        interaction: discord.Interaction[Any],
        parent: Job,
        change: Change,
        title: Title,
        fetched: Fetched | None = None,
        *,
        promised: int | None = None,
    ) -> None:
        """Makes something of a parent's pictures, and refuses it in private where there is time.

        Args:
            interaction: Who asks, and where.
            parent: The pictures' job.
            change: What is made of them.
            title: How its job is titled.
            fetched: The images that it takes.
            promised: The answer that was promised already; None for none.

        Raises:
            Exception: Whatever ``change`` raises.
            NotAllowedError: The server does not allow it.
        """
        if promised is None and not (fetched and fetched.links):
            # As a trial: a mistake is answered in private, which it no longer can be after the
            # public promise of an answer.
            self._change(parent, change, title)
        message = promised or await acknowledge(interaction)
        await self._make(interaction, parent, change, title, fetched, promised=message)

    async def draw_again(self, requester: Requester, parent_id: str) -> None:
        """Takes a 🔄 that is not a press: the same again in a message beside it.

        Raises:
            JobGoneError: The parent is not in the database.
            OtherFamilyError: The parent was drawn by a model that is no longer here.
            NotAllowedError: The server does not allow it, or the bot may not write there.
        """
        parent = await ownership.find_drawing(self._acceptor.jobs, parent_id)
        await self.make_for(requester, parent, keep_words(draw_again), Title("reroll"))

    async def make_for(
        self,
        requester: Requester,
        parent: Job,
        change: Change,
        title: Title,
        fetched: Fetched | None = None,
    ) -> Sequence[str]:
        """Makes something of a parent's pictures for somebody who pressed nothing.

        Returns:
            What is to be told of it.

        Raises:
            Exception: Whatever ``change`` raises.
            OtherFamilyError: The parent was drawn by a model that is no longer here.
            NotAllowedError: The server does not allow it, or the bot may not write there.
            ImageError: What it takes is no image that may be used.
        """
        decided = await self._admit(requester, parent)
        if fetched is not None:
            await fetched.fetch(self._acceptor.images, requester.user.id)
        return await self._make_beside(requester, parent, change, title=title, decided=decided)

    async def repaint(
        self,
        requester: Requester,
        parent_id: str,
        index: int,
        *,
        prompt: Prompt,
        mask: bytes,
    ) -> Sequence[str]:
        """Takes a painted mask: what it covers is drawn anew in a message of the bot's own.

        Args:
            requester: Who asks, and where.
            parent_id: The job of the picture.
            index: Number of the picture.
            prompt: What to draw.
            mask: An image file, bright where the picture is drawn anew.

        Returns:
            How the words were understood.

        Raises:
            NotAbleError: The family cannot do it.
            JobGoneError: The parent is not in the database.
            OtherFamilyError: The parent was drawn by a model that is no longer here.
            NotAllowedError: The server does not allow it, or the bot may not write there.
            ImageError: The mask is no image.
            NothingPaintedError: Nothing is painted.
        """
        self._models.require(Capability.INPAINT)
        require_few_links([prompt])
        title, kind = Title("region", index), KINDS["region"]
        parent = await ownership.find_drawing(self._acceptor.jobs, parent_id)
        decided = await self._admit(requester, parent)
        # What can fail on a stranger's side is done before anything is accepted that would have to
        # be withdrawn.
        fetched = Fetched(list_addresses(prompt.flags))
        await fetched.fetch(self._acceptor.images, requester.user.id)
        covered = await self._acceptor.images.keep_mask(mask, parent, requester.user.id)
        change = change_words(
            self._models,
            lambda parent, seed: repaint(parent, seed, mask=covered),
            prompt,
            kind.source,
            fetched,
        )
        return await self._make_beside(requester, parent, change, title=title, decided=decided)

    async def _make_beside(
        self,
        requester: Requester,
        parent: Job,
        change: Change,
        *,
        title: Title,
        decided: Decided,
    ) -> Sequence[str]:
        person, choices = decided
        made = self._derive(parent, change, title, choices)
        destination = await Destination.choose_beside(requester, choices, person)
        await self._accept(requester, destination, parent, made, title=title, choices=choices)
        self._acceptor.mark_pressed(parent)
        return made.notes

    async def _make(
        self,
        interaction: discord.Interaction[Any],
        parent: Job,
        change: Change,
        title: Title,
        fetched: Fetched | None = None,
        *,
        promised: int,
        known: Decided | None = None,
    ) -> None:
        counts = fetched is not None
        person, choices = await self._admit(interaction, parent, counts=counts, known=known)
        if fetched is not None:
            await fetched.fetch(self._acceptor.images, interaction.user.id)
            images = [*fetched.kept.values(), *Recipe.from_json(parent.recipe).inputs.images]
            traits = await self._acceptor.images.look_at(images)
            fetched.shapes.update({sha256: each.shape for sha256, each in traits.items()})
        made = self._derive(parent, change, title, choices)
        destination = await Destination.choose(interaction, choices, person, promised)
        await self._accept(interaction, destination, parent, made, title=title, choices=choices)
        self._acceptor.mark_pressed(parent, interaction.message)
        await release_promise(interaction, destination, promised)
        await tell_notes(interaction, made.notes)

    async def _accept(
        self,
        requester: Requester,
        destination: Destination,
        parent: Job,
        made: Resolved,
        *,
        title: Title,
        choices: ServerChoices,
    ) -> None:
        """Has pictures of a parent's accepted, with what is known of where values came from."""
        request = JobRequest(
            recipe=made.recipe,
            title=title,
            parent_id=parent.id,
            speed=made.speed,
            origins=inherit_origins(parent, made.recipe),
        )
        await self._acceptor.accept(requester, destination, [request], choices, parent=parent)

    async def _admit(
        self,
        requester: Requester,
        parent: Job,
        *,
        counts: bool = True,
        known: Decided | None = None,
    ) -> Decided:
        """What they and the server decided, if what drew a parent may draw again for them.

        See :func:`policy.admit`; ``known`` is what was read a moment ago.

        Raises:
            OtherFamilyError: What drew it is no longer here.
            NotAllowedError: The server does not let it.
        """
        maker = self._models.find_maker(Recipe.from_json(parent.recipe)).card
        person, choices = known or await policy.read_choices(self._acceptor.records, requester)
        admitted = self._acceptor.admit(
            requester, lambda _: [maker], choices=choices, counts=counts
        )
        return person, await admitted

    def _derive(self, job: Job, change: Change, title: Title, choices: ServerChoices) -> Resolved:
        made = self._change(job, change, title)
        policy.check_size(choices, [made.recipe])
        return made

    def _change(self, job: Job, change: Change, title: Title) -> Resolved:
        parent = self._pick_parent(job, title.index)
        self._require(KINDS[title.action], parent.recipe)
        made = change(parent, secrets.randbelow(SEED_LIMIT))
        # Pans and zooms add up; each alone is within the ratio.
        self.check_ratio(made.recipe)
        return made

    async def find_parent(self, job_id: str, number: int | None) -> Parent:
        """A picture to make others of.

        Args:
            job_id: Its job.
            number: Its number, counted from 1; None where it does not matter.

        Raises:
            JobGoneError: The job is not in the database.
            OldButtonError: It has no such picture.
            OtherFamilyError: It was drawn by a model that is no longer here.
        """
        return self._pick_parent(await ownership.find_drawing(self._acceptor.jobs, job_id), number)

    def _pick_parent(self, job: Job, number: int | None) -> Parent:
        recipe, index = Recipe.from_json(job.recipe), (number or 1) - 1
        ownership.require_picture(recipe, index)
        self._models.find_maker(recipe)
        # A failed job has no pictures and can still be drawn again.
        finished = job.pictures[index : index + 1]
        return Parent(recipe, index, finished[0].sha256 if finished else "")

    def _require(self, kind: ButtonKind, recipe: Recipe) -> None:
        """Goes on if what drew a picture can do as a button says."""
        card = self._models.find_maker(recipe).card
        if kind.needs is not None:
            self._models.require(kind.needs, card)

    def check_ratio(self, recipe: Recipe) -> None:
        """Refuse what is longer than the family draws."""
        card, size = self._models.find_maker(recipe).card, settle_shape(recipe).size
        short, long = sorted((size.width, size.height))
        if long > card.longest_ratio * short:
            raise NotAllowedError(
                Sentence(
                    sentences.FRAME_LONG,
                    model=Sentence(card.title),
                    limit=f"{card.longest_ratio:g}",
                )
            )
