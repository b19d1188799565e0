"""What can be told of where a picture is from: what is certain, and what is not."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.text import sentences
from bot.text.languages import say
from bot.text.messages import escape, fence, quote, stack_lines
from generation.catalogue.families import find_card
from generation.pictures.sealing import SHORT
from generation.provenance.manifest import Statement
from generation.recipe.sheet import read_recipes
from storage.queue.jobs import Job

_TITLE: int = 60
_INPUTS: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found in a picture and its file.

    Attributes:
        statement: What its file says and is signed for; None where it has none.
        number: The short number of a job, if the pixels carry it.
        job: The job of either, if it is still kept.
        program: What the file says without a signature of what made it; empty for nothing.
        asks_owner: Whether whoever asks is who the job was made for.
    """

    statement: Statement | None = None
    number: str = ""
    job: Job | None = None
    program: str = ""
    asks_owner: bool = False

    @property
    def short(self) -> str:
        """The short number of the job that this host's marks name; empty where there are none."""
        signed = self.statement if self.statement and self.statement.state == "ours" else None
        return signed.job if signed else self.number


def write_verdict(findings: Findings, when: str = "") -> str:
    """A card: the verdict first, then what it rests on, and what it does not say.

    Args:
        findings: What was found.
        when: The time of the job, as it is to be shown.
    """
    return stack_lines(f"**{say(_choose_verdict(findings))}**", _list_grounds(findings, when))


def _choose_verdict(findings: Findings) -> str:
    statement = findings.statement
    if statement and statement.state == "ours":
        return sentences.VERIFY_OURS
    if findings.number:
        return sentences.VERIFY_MARKED
    if statement:
        broken = statement.state == "broken"
        return sentences.VERIFY_CHANGED if broken else sentences.VERIFY_OTHER
    return sentences.VERIFY_UNKNOWN


def _list_grounds(findings: Findings, when: str) -> Iterator[str]:
    yield f"- {_tell_signature(findings.statement)}"
    if findings.statement and findings.statement.state != "broken":
        yield from (f"- {line}" for line in _tell_statement(findings.statement))
    mark = sentences.VERIFY_MARK if findings.number else sentences.VERIFY_NO_MARK
    yield f"- {say(mark, job=findings.number)}"
    if findings.program:
        yield f"- {say(sentences.VERIFY_UNSIGNED, program=quote(findings.program))}"
    if not findings.short:
        return
    job = findings.job
    if job is None:
        yield f"- {say(sentences.VERIFY_JOB_GONE, job=findings.short)}"
        return
    model = say(find_card(read_recipes(job.recipe)[0].family).title)
    yield f"- {say(sentences.VERIFY_JOB, job=job.id[:SHORT], when=when, model=model)}"
    prompt = str(job.recipe.get("prompt", ""))
    if findings.asks_owner and prompt:
        yield f"{say(sentences.VERIFY_PROMPT)}\n{fence(prompt)}"


def _tell_signature(statement: Statement | None) -> str:
    if statement is None:
        return say(sentences.VERIFY_NO_SIGNATURE)
    issuer = escape(statement.issuer or "?", _TITLE)
    if statement.state == "broken":
        lost = sentences.VERIFY_OWN_BROKEN if statement.signed_here else sentences.VERIFY_BROKEN
        return say(lost, issuer=issuer)
    if statement.state == "ours":
        return say(sentences.VERIFY_SIGNED)
    program = escape(statement.generator or "?", _TITLE)
    return say(sentences.VERIFY_SIGNED_BY, issuer=issuer, program=program)


def _tell_statement(statement: Statement) -> Iterator[str]:
    says = sentences.VERIFY_SOURCES.get(statement.source)
    if says:
        yield say(says)
    if statement.ingredients:
        titles = ", ".join(escape(one, _TITLE) for one in statement.ingredients[:_INPUTS])
        yield say(sentences.VERIFY_MADE_FROM, titles=titles)
