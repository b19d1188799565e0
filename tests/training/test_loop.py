import csv
import time
from itertools import count
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from training.curves import plot
from training.loop import Course, Mean, Training
from training.plan import Session, StoppedError, options


def course(
    folder: Path, seconds: float, decay: float = 0.999, session: Session | None = None
) -> Course:
    return Course(
        name="toy",
        folder=folder,
        minutes=seconds / 60,
        rate=0.1,
        warmup=1,
        decay=decay,
        session=session or Session(),
        # Each time that it is read a thousandth of a second has gone, on whatever machine.
        clock=count(step=0.001).__next__,
    )


def slope(model: nn.Module) -> dict[str, Tensor]:
    x = torch.randn(64, 1)
    return {"loss": (model(x) - 3 * x).square().mean()}


def test_it_trains_until_the_time_is_spent_and_ends_on_the_mean(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    training = Training(course(tmp_path, 0.4, decay=0.9), model)
    training.run(lambda share: slope(model))
    assert training.spent >= 0.4
    assert model.weight.item() == pytest.approx(3, abs=0.2)
    assert model.weight.item() == training.mean.weights[0].item()
    with (tmp_path / "loss.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert int(rows[-1]["step"]) == training.step


class EndsAfter(Session):
    def __init__(self, checks: int) -> None:
        super().__init__()
        self.left = checks

    @property
    def over(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_a_stopped_session_goes_on_where_it_was(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    training = Training(course(tmp_path, 60, session=EndsAfter(20)), model)
    with pytest.raises(StoppedError):
        training.run(lambda share: slope(model))
    assert training.step == 20
    weight = model.weight.item()
    again = nn.Linear(1, 1)
    resumed = Training(course(tmp_path, 60), again)
    assert (resumed.step, resumed.spent, resumed.began) == (20, training.spent, 0)
    assert again.weight.item() == weight
    assert torch.equal(resumed.mean.weights[0], training.mean.weights[0])


def test_a_finished_stage_trains_another_stretch(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    first = Training(course(tmp_path, 0.05), model)
    first.run(lambda share: slope(model))
    second = Training(course(tmp_path, 0.05), model)
    assert second.began == first.spent
    shares: list[float] = []

    def step(share: float) -> dict[str, Tensor]:
        shares.append(share)
        return slope(model)

    second.run(step)
    assert shares[0] == 0
    assert second.step > first.step


def test_a_finished_stage_is_left_alone_where_it_shall_not_go_on(tmp_path: Path) -> None:
    first = Training(course(tmp_path, 0.05), nn.Linear(1, 1))
    first.run(lambda share: slope(first.model))
    again = course(tmp_path, 0.05)
    again.extend = False
    second = Training(again, nn.Linear(1, 1))
    second.run(lambda share: slope(second.model))
    assert second.step == first.step
    assert torch.equal(second.weights[0], first.weights[0])


def test_the_rate_warms_up_stays_and_falls(tmp_path: Path) -> None:
    planned = Course(name="", folder=tmp_path, minutes=1, rate=1.0, warmup=10)
    assert planned.rate_at(0, 0) == pytest.approx(0.1)
    assert planned.rate_at(0.4, 100) == 1
    assert planned.rate_at(1.0, 100) == pytest.approx(planned.floor)


def test_the_mean_follows_faster_at_first() -> None:
    weights = [torch.zeros(1)]
    mean = Mean(weights, 0.999)
    weights[0] += 1
    mean.update(weights, 0)
    assert mean.weights[0].item() == pytest.approx(0.9)
    mean.update(weights, 10_000_000)
    assert mean.weights[0].item() == pytest.approx(0.9001, abs=1e-5)


def test_a_plot_draws_each_line(tmp_path: Path) -> None:
    plot({"a": [(0, 0), (1, 1)], "b": [(0, 1), (1, 0)]}, tmp_path / "plot.png", across="x")
    with Image.open(tmp_path / "plot.png") as image:
        colours = set(image.get_flattened_data())
    assert {(0xD1, 0x49, 0x5B), (0x2E, 0x86, 0xAB)} <= colours


def test_the_command_line_says_what_to_make(tmp_path: Path) -> None:
    given = options(
        None, ["--out", str(tmp_path / "x"), "--size", "small", "--device", "cpu", "--session", "9"]
    )
    assert given.size.things == 200
    assert given.pack == tmp_path / "x" / "artwork"
    assert not given.session.over


def test_in_the_background_time_is_what_the_processor_spent(tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    alone, shared = (
        options("about", ["--out", str(tmp_path), "--threads", str(threads), *more])
        for more in ([], ["--background"])
    )
    began = alone.clock(), shared.clock()
    time.sleep(0.3)
    spent = alone.clock() - began[0], shared.clock() - began[1]
    assert spent[0] >= 0.3
    assert spent[1] < 0.2
    assert Course.of(shared, "toy", 1, rate=0.1).clock == shared.clock
