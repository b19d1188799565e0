"""A simulated day on a busy server: who waits how long for their turn."""

from benchmarks.turns import (
    HOURS,
    FirstCome,
    Shares,
    compare_shares,
    cut,
    list_waits,
    rate_told,
    simulate,
)
from storage.queue.fairness import Rule


def test_light_members_hardly_wait_and_relaxed_jobs_are_served() -> None:
    jobs = simulate(Shares(Rule()), 1, HOURS)
    waits = list_waits(jobs, 3600 * HOURS)
    assert cut(waits["light"], 0.95) <= 60
    assert cut(waits["light, share 3"], 0.95) <= cut(waits["light"], 0.95)
    assert cut(waits["regular"], 0.95) <= 20 * 60
    assert cut(waits["regular, share 3"], 0.95) < cut(waits["regular"], 0.95)
    assert max(waits["relaxed"]) <= 90 * 60
    assert 1 / 1.3 <= compare_shares(jobs) <= 1.3
    assert rate_told(jobs)["all"] >= 0.8


def test_without_a_rule_everybody_waits_for_those_who_ask_for_most() -> None:
    waits = list_waits(simulate(FirstCome(), 1, 2), 3600 * 2)
    assert cut(waits["light"], 0.5) > 20 * 60
