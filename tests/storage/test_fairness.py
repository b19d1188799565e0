"""The order of the queue, as numbers."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from storage.queue import fairness
from storage.queue.fairness import FAST, RELAX, ROUNDS, SLOTS, UPSCALE


def queue_of(people: list[int]) -> list[tuple[int, int]]:
    """Priorities and people of jobs accepted in this order while none ends."""
    rounds: dict[int, int] = {}
    taken: dict[int, int] = {}
    queue = []
    for person in people:
        round_ = fairness.next_round(0 if rounds else None, rounds.get(person))
        taken[round_] = fairness.priority(FAST, round_, taken.get(round_))
        rounds[person] = round_
        queue.append((taken[round_], person))
    return sorted(queue)


@given(st.lists(st.integers(1, 6), max_size=60))
def test_nobody_is_served_twice_before_all_who_wait_were_served_once(people: list[int]) -> None:
    queue = queue_of(people)
    assert len({priority for priority, _ in queue}) == len(people)
    served: dict[int, int] = defaultdict(int)
    for place, (_, person) in enumerate(queue):
        served[person] += 1
        waiting = {other for _, other in queue[place + 1 :]}
        assert all(served[person] <= served[other] + 1 for other in waiting)


@given(st.sampled_from((UPSCALE, FAST, RELAX)), st.integers(0, ROUNDS - 1), st.integers(1, 2**31))
def test_priorities_stay_in_their_round_and_band(band: int, round_: int, last: int) -> None:
    first, past = fairness.round_bounds(band, round_)
    low, high = fairness.bounds(band)
    for taken in (None, min(max(first, last), past - 1), past - 1):
        assert low <= first <= fairness.priority(band, round_, taken) < past <= high < 2**31


def test_a_full_round_shares_its_last_number() -> None:
    first, _ = fairness.round_bounds(FAST, 3)
    assert fairness.priority(FAST, 3, first + SLOTS - 1) == first + SLOTS - 1


def test_a_newcomer_joins_the_round_that_is_being_served() -> None:
    assert fairness.next_round(None, None) == 0
    assert fairness.next_round(7, None) == 7
    assert fairness.next_round(7, 7) == 8
    assert fairness.next_round(7, 9) == 10
    assert fairness.next_round(ROUNDS - 1, ROUNDS - 1) == ROUNDS - 1


def test_enlargements_go_before_fast_and_fast_before_relaxed_jobs() -> None:
    assert fairness.band_of("upscale:3", "relax") == UPSCALE
    assert fairness.band_of("imagine", "fast") == FAST
    assert fairness.band_of("vary:1", "relax") == RELAX
    assert UPSCALE < FAST < RELAX
