"""Edits that a channel's messages share: news takes few of them, and none while an end waits."""

from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.budget import NEWS, WINDOW, EditBudget


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, WINDOW)), max_size=60))
def test_in_any_window_a_channel_gets_little_news(asked: list[tuple[int, float]]) -> None:
    now, shown = 0.0, list[tuple[int, float]]()
    budget = EditBudget(lambda: now)
    for channel, seconds in asked:
        now += seconds
        lately = [at for there, at in shown if there == channel and now - at < WINDOW]
        assert budget.take(channel) == (len(lately) < NEWS)
        if len(lately) < NEWS:
            shown.append((channel, now))


def test_no_news_is_shown_while_a_result_waits_in_the_same_channel() -> None:
    budget = EditBudget(lambda: 0.0)
    with budget.hold(1), budget.hold(1):
        assert not budget.take(1)
        assert budget.take(2)
    with budget.hold(1):
        assert not budget.take(1)
    assert budget.take(1)
