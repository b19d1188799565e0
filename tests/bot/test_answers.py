from typing import get_args

from bot.delivery.answers import TABLE, Reason
from bot.text.sentences import UNSENT_REASONS


def test_every_reason_has_its_words_and_every_code_one_row() -> None:
    assert {*get_args(Reason)} == {*UNSENT_REASONS}
    assert len({(row.code, row.code or row.status) for row in TABLE}) == len(TABLE)
    assert all(row.source for row in TABLE)
