import pytest

from bot import errors
from bot.text.wording import word_error
from commands.blend import read_weights


@pytest.mark.parametrize(
    ("typed", "weights"),
    [("", [1, 1]), ("2 1", [2, 1]), ("0.5, 1.5", [0.5, 1.5]), (" 3,1 ", [3, 1])],
)
def test_weights_are_numbers_between_spaces_or_commas(typed: str, weights: list[float]) -> None:
    assert read_weights(typed, 2) == weights


@pytest.mark.parametrize("typed", ["1", "1 2 3", "1 x", "0 1", "-1 1", "nan 1", "1 inf", "1e9 1"])
def test_other_weights_are_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(errors.WeightsError) as refused:
        read_weights(typed, 2)
    said = str(word_error(refused.value))
    assert f"`{typed}`" in said
    assert "2 images" in said
