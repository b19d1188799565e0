"""A worker for each GPU: which there are, and what each worker is told."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from cli import gpus
from cli.gpus import VISIBLE, list_gpus, parse_listing
from cli.start import WORKER, list_workers
from storage.settings import Settings, SettingsError

LISTING: Final = """\
GPU 0: NVIDIA GeForce RTX 4090 (UUID: GPU-11111111-2222-3333-4444-555555555555)
GPU 1: NVIDIA H200 (UUID: GPU-66666666-2222-3333-4444-555555555555)
  MIG 1g.18gb     Device  0: (UUID: MIG-aaaaaaaa-2222-3333-4444-555555555555)
  MIG 1g.18gb     Device  1: (UUID: MIG-bbbbbbbb-2222-3333-4444-555555555555)
GPU 2: NVIDIA GeForce GTX 1080 (UUID: GPU-77777777-2222-3333-4444-555555555555)
"""
SEEN: Final = ("GPU-1", "MIG-a", "MIG-b", "GPU-7")


def settings(**given: Any) -> Settings:
    make: Callable[..., Settings] = Settings
    return make(_env_file=None, **given)


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with the GPUs of the listing, of which nothing is hidden."""
    monkeypatch.delenv(VISIBLE, raising=False)
    monkeypatch.setattr(gpus, "_ask_driver", lambda: LISTING)


def test_the_driver_lists_cards_and_the_parts_of_one_in_parts() -> None:
    assert tuple(name[:5] for name in parse_listing(LISTING)) == SEEN
    assert parse_listing("NVIDIA-SMI has failed because it could not communicate") == ()


FAILED: Final = "Unable to determine the device handle for GPU0: 0000:17:00.0: Unknown Error\n"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (FAILED + LISTING.split("\n", 1)[1], SEEN[1:]),
        (FAILED, ("GPU-2", "GPU-3")),
        ("", ("GPU-2", "GPU-3")),
        (None, ("GPU-2", "GPU-3")),
    ],
)
def test_one_gpu_that_has_failed_hides_no_other(
    said: str | None, found: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        if said is None:
            raise subprocess.TimeoutExpired("nvidia-smi", 20)
        return subprocess.CompletedProcess((), 255, said, "")

    for number, uuid in enumerate(("????????", "22222222", "33333333")):
        (tmp_path / f"0000:{number}").mkdir()
        text = f"Model: \t\t NVIDIA H200\nGPU UUID: \t GPU-{uuid}-2222-3333-4444-555555555555\n"
        (tmp_path / f"0000:{number}" / "information").write_text(text)
    monkeypatch.undo()
    monkeypatch.delenv(VISIBLE, raising=False)
    monkeypatch.setattr(gpus, "_DRIVER", tmp_path)
    monkeypatch.setattr(subprocess, "run", run)
    assert tuple(name[:5] for name in list_gpus(settings()).values()) == found


@pytest.mark.parametrize(
    ("given", "shown", "found"),
    [
        ({}, None, [0, 1, 2, 3]),
        ({"gpus": "0,3"}, None, [0, 3]),
        ({"device": "cuda"}, None, [0, 1, 2, 3]),
        ({"device": "cuda:1"}, None, []),
        ({"device": "cpu"}, None, []),
        ({}, "2,GPU-11", [0, 1]),
        ({}, "1,-1,2", [0]),
        ({}, "", []),
    ],
)
def test_workers_are_for_the_gpus_that_are_seen_and_wanted(
    given: dict[str, str], shown: str | None, found: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    if shown is not None:
        monkeypatch.setenv(VISIBLE, shown)
    assert list(list_gpus(settings(**given))) == found


def test_a_gpu_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"EASEL_GPUS names GPU 4, and this machine shows 4"):
        list_gpus(settings(gpus="0,4"))
    with pytest.raises(ValueError, match="numbers from 0 on"):
        settings(gpus="one")


def test_each_worker_has_a_gpu_a_name_and_a_port_of_its_own() -> None:
    told = [
        side.environment
        for side in list_workers(
            settings(worker="attic", worker_metrics_port=9100, gpus="1,3"), {1: "MIG-a", 3: "GPU-7"}
        )
    ]
    assert [one[VISIBLE] for one in told] == ["MIG-a", "GPU-7"]
    assert [one["EASEL_WORKER"] for one in told] == ["attic-cuda1", "attic-cuda3"]
    assert [one["EASEL_WORKER_METRICS_PORT"] for one in told] == ["9101", "9103"]
    assert {one["EASEL_DEVICE"] for one in told} == {"cuda"}
    # As `easel worker --drain` calls it.
    assert settings(device="cuda:3").executor == settings().name_worker(3)


def test_one_gpu_or_none_is_drawn_on_by_the_plain_worker() -> None:
    assert list_workers(settings(), {}) == list_workers(settings(), {0: "GPU-1"}) == [WORKER]
