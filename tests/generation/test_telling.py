"""Prompts put into sentences by the language model that a drawing model reads them with."""

from collections.abc import Callable

import pytest
import torch

from generation.answering import telling
from generation.answering.answer import answer
from generation.answering.speaker import Speaker
from generation.answering.telling import TiedModel, borrow_speaker, tell
from generation.catalogue.served import list_served
from generation.questions.question import SPEAKERS, Question, read_told
from generation.sampling.engine import Engine
from generation.worker import name_speaker
from storage.queue.jobs import RenderError
from storage.settings import Settings
from tests.generation.samples import quiet, recipe_for

SPEAKING = ["flux2-klein", "z-image", "qwen-image-edit"]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights come to no end."""
    monkeypatch.setattr(telling, "_MOST", 6)


def ask(engine: Engine, text: str) -> str:
    question = Question(
        kind="translate", text=text, model=engine.card.model, family=engine.card.id, program="flux"
    )
    return read_told(answer(question.to_json(), engine, lambda *_: None, lambda _: b"").answer)


@pytest.mark.parametrize("family", SPEAKING)
def test_each_is_asked_for_words_and_draws_as_before(
    engines: Callable[[str], Engine], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engines(family)
    assert engine.card.speaks
    recipe = recipe_for(engine, steps=1)
    (before,) = engine.draw(recipe, None, quiet)
    # What it says until then: a tiny one says no sentence.
    said = list[str]()
    write = Speaker.write

    def keep(self: Speaker, stop: str, most: int) -> str:
        said.append(write(self, stop, most))
        return f"{said[-1]} A red cat sits. And a"

    monkeypatch.setattr(Speaker, "write", keep)
    assert ask(engine, "a red cat").endswith("A red cat sits.")
    assert ask(engine, "a red cat").endswith("A red cat sits.")
    assert said[0] == said[1]
    engine.forget()
    (after,) = engine.draw(recipe, None, quiet)
    assert before.tobytes() == after.tobytes()


def test_a_body_speaks_with_its_own_words_as_its_head(engines: Callable[[str], Engine]) -> None:
    engine = engines("z-image")
    speaker = borrow_speaker(engine)
    assert isinstance(speaker._model, TiedModel)
    ids = torch.tensor([[3, 1, 4, 1, 5]])
    speaker.begin({"input_ids": ids})
    body = engine.pipe.text_encoder
    hidden = body(input_ids=ids).last_hidden_state[0, -1]
    expected = hidden @ body.get_input_embeddings().weight.T
    torch.testing.assert_close(speaker._logits, expected, rtol=1e-3, atol=1e-3)


def test_what_reads_no_sentences_is_not_asked(easel: Engine) -> None:
    with pytest.raises(RenderError, match="model"):
        ask(easel, "a red cat")


def test_half_a_sentence_is_no_answer(
    engines: Callable[[str], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Speaker, "write", lambda *_: "A red cat and a")
    assert tell(engines("flux2-klein"), "a red cat") == ""


def test_the_usual_model_alone_is_offered_for_it() -> None:
    served = list_served(Settings(_env_file=None, model="flux2-klein"))  # type: ignore[call-arg]
    assert {one.family for one in name_speaker(served)} == {SPEAKERS}
    beside = list_served(Settings(_env_file=None, models="flux2-klein"))  # type: ignore[call-arg]
    assert name_speaker(beside) == frozenset()
