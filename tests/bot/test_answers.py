from typing import get_args
from unittest import mock

import discord
import pytest

from bot.delivery.answers import TABLE, Answer, Reason, judge
from bot.text.sentences import UNSENT_REASONS


def test_every_reason_has_its_words_and_every_code_one_row() -> None:
    assert {*get_args(Reason)} == {*UNSENT_REASONS}
    assert len({(row.code, row.code or row.status) for row in TABLE}) == len(TABLE)
    assert all(row.source for row in TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.status}-{row.code}")
def test_an_answer_is_judged_by_its_code_and_else_by_its_status(row: Answer) -> None:
    for status in {row.status, 400} if row.code else {row.status}:
        response = mock.Mock(status=status, reason="")
        error = discord.HTTPException(response, {"code": row.code, "message": row.meaning})
        assert judge(error) is row
