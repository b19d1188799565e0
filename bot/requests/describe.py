"""Pictures described and prompts shortened: questions asked, and what is done with the answers."""

from dataclasses import replace
from typing import Any

import discord

from bot.access import ownership, policy
from bot.access.audience import require_shown
from bot.access.drafts import read_draft
from bot.components import describing
from bot.components.describing import CardPress
from bot.delivery.destination import Destination, release_promise
from bot.delivery.questions import compose_card, read_description
from bot.errors import (
    FormLateError,
    NotAllowedError,
    NotYetError,
    NotYoursError,
    OldButtonError,
)
from bot.interactions.patience import begin
from bot.interactions.replies import acknowledge
from bot.requests.accept import JobAcceptor
from bot.requests.imagine import ImagineHandler
from bot.text import sentences, titles
from generation.catalogue.families import find_card
from generation.catalogue.served import choose_usual
from generation.questions.question import EYES, WORD_LIMIT, Question, clean_words, read_effects
from generation.recipe import Recipe
from prompt.describing.intents import keep_known, write_style
from prompt.describing.shorter import mask_words, shorten
from prompt.describing.targets import HERE, Offer, write_offers
from prompt.reading.grammar import format_flags, parse
from prompt.reading.permutations import combine, escape
from prompt.sentences import Sentence
from storage.decisions.choices import ServerChoices
from storage.queue import answers
from storage.queue.jobs import Job


class DescribeHandler:
    """Asks what pictures show and what words do, and draws from what it is told."""

    def __init__(self, acceptor: JobAcceptor, imagine: ImagineHandler) -> None:
        self._acceptor, self._models, self._imagine = acceptor, acceptor.models, imagine

    async def take_image(self, interaction: discord.Interaction[Any], url: str) -> None:
        """Describes a picture.

        Args:
            interaction: Who asks, and where.
            url: Where the picture is.

        Raises:
            NotAllowedError: The server does not allow it.
            ImageError: It is no picture that may be used.
        """
        await self._describe(interaction, url, await acknowledge(interaction))

    async def take_draft(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Describes a picture that was chosen in a message.

        Raises:
            DraftGoneError: That was more than a week ago.
            NotAllowedError: The server does not allow it.
            ImageError: It is no picture that may be used.
        """
        message = await acknowledge(interaction)
        body = await read_draft(self._acceptor.records, draft, interaction.user.id)
        await self._describe(interaction, body["picture"], message)

    async def _describe(
        self, interaction: discord.Interaction[Any], url: str, message: int
    ) -> None:
        choices = await self._acceptor.admit(interaction, lambda _: [])
        sha256, exact = await self._acceptor.images.keep_described(url, interaction.user.id)
        question = await self._ask_about(sha256, interaction.user.id, exact)
        await self._ask(interaction, question, message, choices=choices)

    async def take_picture(
        self, interaction: discord.Interaction[Any], job_id: str, index: int
    ) -> None:
        """Describes a picture that was drawn here: its prompt is known, the rest is measured.

        Raises:
            JobGoneError: There is no such job.
            OldButtonError: It has no such picture.
            NotAllowedError: The server does not allow it.
        """
        message = await acknowledge(interaction)
        job = await ownership.find_drawing(self._acceptor.jobs, job_id)
        recipe, place = Recipe.from_json(job.recipe), max(0, index - 1)
        ownership.require_picture(recipe, place)
        if job.state != "done":
            raise NotYetError
        require_shown(interaction.client, job, interaction.channel)
        choices = await self._acceptor.admit(interaction, lambda _: [])
        # Told in public, where links to others' images are left out.
        whole = titles.drop_links(f"{recipe.prompt} {recipe.parameters}")
        exact = whole if recipe.prompt else ""
        sha256 = job.pictures[place].sha256
        question = await self._ask_about(sha256, interaction.user.id, exact)
        await self._ask(interaction, question, message, choices=choices, parent=job)
        self._acceptor.mark_pressed(job, interaction.message)

    async def _ask_about(self, sha256: str, person: int, exact: str) -> Question:
        return Question(
            kind="describe",
            image=sha256,
            eye=await self._acceptor.jobs.find_served(EYES),
            measures=await self._acceptor.images.measure(sha256, person),
            exact=exact,
            family=choose_usual(self._models.by_name).card.id,
        )

    async def take_text(self, interaction: discord.Interaction[Any], text: str) -> None:
        """Says what each word of a prompt does, and offers shorter ones.

        Raises:
            PromptError: It is no prompt; nothing was acknowledged yet.
            NotAllowedError: It has no words, or the server does not allow it.
        """
        prompt = parse(text)
        words = ", ".join(phrase.text for phrase in prompt.phrases if phrase.weight > 0)
        if not words:
            raise NotAllowedError(Sentence(sentences.NO_WORDS_HERE))
        one = self._models.find_for(prompt)
        message = await acknowledge(interaction)
        choices = await self._acceptor.admit(interaction, lambda _: [one.card], kind="question")
        said, masked = mask_words(words, one.card)
        question = Question(
            kind="shorten",
            text=words,
            said=said,
            masked=masked,
            flags=" ".join(format_flags(prompt.flags)),
            model=one.model,
            family=one.card.id,
        )
        await self._ask(interaction, question, message, choices=choices)

    async def _ask(
        self,
        interaction: discord.Interaction[Any],
        question: Question,
        message: int,
        *,
        choices: ServerChoices,
        parent: Job | None = None,
    ) -> None:
        person = await policy.read_preferences(self._acceptor.records, interaction.user.id)
        destination = await Destination.choose(interaction, choices, person, message)
        await self._acceptor.ask(interaction, destination, question, choices=choices, parent=parent)
        await release_promise(interaction, destination, message)

    async def press(self, interaction: discord.Interaction[Any], press: CardPress) -> None:
        """Takes a press under a description or under shorter prompts.

        Raises:
            JobGoneError: The question is not in the database.
            NotYetError: It was not answered yet.
            NotYoursError: Somebody else is to say what the picture shows.
            FormLateError: There is a form to show, and the database is slow.
            OldButtonError: This version knows no such button.
        """
        if press.action in {"again", "target"}:
            await interaction.response.defer()
            await self._show(interaction, press, await self._find(press))
            return
        finding = await begin(self._find(press))
        if not finding.done():
            raise FormLateError
        job = finding.result()
        match press.action:
            case "use" | "short":
                form = describing.build_draw_form(_find_prompt(job, press))
                await interaction.response.send_modal(form)
            case "say":
                if interaction.user.id != job.person_id:
                    raise NotYoursError
                await interaction.response.send_modal(describing.build_subject_form(press))
            case "style":
                await interaction.response.send_modal(describing.build_style_form(press))
            case "all":
                await self._imagine.take_prompt(interaction, _join_prompts(job, press))
            case _:
                raise OldButtonError

    async def submit(self, interaction: discord.Interaction[Any], press: CardPress) -> None:
        """Takes a form that a press opened.

        Raises:
            JobGoneError: The question is not in the database.
            NotAllowedError: The form says nothing.
            OldButtonError: This version knows no such form.
        """
        word = describing.read_word(interaction)
        if press.action == "say":
            await interaction.response.defer()
            job = await self._find(press)
            if interaction.user.id != job.person_id:
                raise NotYoursError
            question = _say_word(Question.from_json(job.recipe), word)
            await self._acceptor.records.write(answers.change_question, job.id, question.to_json())
            await self._show(interaction, press, await self._find(press))
        elif press.action == "style":
            picture = describing.read_style_picture(interaction)
            if not (word or picture):
                raise NotAllowedError(Sentence(sentences.NOTHING_TO_STYLE))
            finding = await begin(self._find(press))
            if not finding.done():
                await acknowledge(interaction, private=True)
            late, text = interaction.response.is_done(), _apply_style(await finding, word)
            pictures = [picture] if picture else []
            await self._imagine.take_prompt(interaction, text, pictures, promised=late)
        else:
            raise OldButtonError

    async def _find(self, press: CardPress) -> Job:
        job = await ownership.find_job(self._acceptor.jobs, press.job)
        if not job.ended:
            raise NotYetError
        return job

    async def _show(
        self, interaction: discord.Interaction[Any], press: CardPress, job: Job
    ) -> None:
        """Shows a description for another target, in other words or with what it shows."""
        turn = (press.turn + (press.action == "again")) % describing.TURNS
        content, _ = compose_card(job, press.target, turn)
        await interaction.edit_original_response(content=content.text, view=content.view)


def _write_offers(job: Job, press: CardPress, target: str) -> list[Offer]:
    card = find_card(Question.from_json(job.recipe).family)
    return list(write_offers(read_description(job), target, card, press.turn))


def _apply_style(job: Job, words: str) -> str:
    """Words, if any, in the style of the picture that was described."""
    style = write_style(read_description(job))
    card = find_card(Question.from_json(job.recipe).family)
    return keep_known(parse(", ".join(filter(None, [words, style]))), card).spelling


def _find_prompt(job: Job, press: CardPress) -> str:
    """The prompt of a number, as it is drawn here.

    Raises:
        OldButtonError: There is no such prompt.
    """
    question = Question.from_json(job.recipe)
    if press.action == "short":
        texts = shorten(question.text, read_effects(job.answer))
        offered = [f"{text} {question.flags}".strip() for text in texts]
    else:
        offered = [one.prompt.spelling for one in _write_offers(job, press, HERE)]
    if not 0 < press.number <= len(offered):
        raise OldButtonError
    return offered[press.number - 1]


def _join_prompts(job: Job, press: CardPress) -> str:
    """One text that stands for all of the prompts."""
    spelled = [one.prompt.spelling for one in _write_offers(job, press, HERE)]
    return combine([escape(" ".join(text.split())) for text in spelled]) or ""


def _say_word(question: Question, typed: str) -> Question:
    """The question with what its picture shows, as data."""
    return replace(question, word=clean_words(typed, WORD_LIMIT))
