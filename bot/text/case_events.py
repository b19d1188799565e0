"""What happened in cases, in sentences."""

from bot.text import sentences
from bot.text.languages import say
from storage.decisions.cases import CaseEvent


def word_reason(event: CaseEvent) -> str:
    """Why something happened: reports choose among sentences, all else is as it was typed."""
    if event.what == "reported" and event.reason in sentences.REPORT_REASONS:
        return say(sentences.REPORT_REASONS[event.reason])
    return event.reason
