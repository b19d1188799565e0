import string

import pytest

from prompt import sentences
from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.sentences import Plural, Sentence

TEMPLATES: dict[str, str | Plural] = {
    name: text for name, text in vars(sentences).items() if name.isupper()
}


def test_a_sentence_is_its_english_text() -> None:
    said = Sentence(sentences.TOO_DEEP, limit=9)
    assert said == "Braces can be nested at most 9 deep."
    assert (said.template, said.values) == (sentences.TOO_DEEP, {"limit": 9})


def test_a_sentence_of_a_sentence_is_that_sentence() -> None:
    said = Sentence(sentences.TOO_DEEP, limit=9)
    assert Sentence(said) is said


@pytest.mark.parametrize("name", TEMPLATES)
def test_fields_have_names(name: str) -> None:
    template = TEMPLATES[name]
    for text in (template,) if isinstance(template, str) else (template.one, template.many):
        assert "" not in [field for _, field, *_ in string.Formatter().parse(text)]


def test_a_count_decides_on_the_form() -> None:
    said = [Sentence(sentences.MORE, count=count) for count in (0, 1, 2)]
    assert said == [
        "There are 0 more like these.",
        "There is 1 more like these.",
        "There are 2 more like these.",
    ]
    assert said[1].template is sentences.MORE


def test_what_is_said_of_a_prompt_can_be_said_in_other_languages() -> None:
    with pytest.raises(PromptError) as caught:
        parse("owl --ar 0:1 --wat --steps 900 --sampler x --chaoss 3")
    assert all(isinstance(text, Sentence) for text in caught.value.sentences)
    notes = parse("owl —ar 3x2 at dusk --seed 1 --seed 2").notes
    assert len(notes) == 3
    assert all(isinstance(note, Sentence) for note in notes)


def test_an_error_says_everything_at_once() -> None:
    error = PromptError(("One.", "Two."), 3, "owl")
    assert str(error) == error.sentence == "One. Two."
    assert PromptError("One.").sentences == ("One.",)
