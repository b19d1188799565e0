"""The guide-driven model, made in seconds from two photographs and the small pack."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from generation.catalogue.looks import LIGHTS, LOOKS, MEDIA
from generation.guided.checkpoint import read_networks
from generation.guided.plans import OWN
from generation.upscaling.bundled import FILE, load_compact
from tests.guided.conftest import scene
from tests.training.conftest import SHORT, TWO, steps_counted
from training import evaluate
from training.guided import (
    basis,
    decoding,
    denoising,
    distilling,
    enlarging,
    lending,
    photographs,
    planning,
    renderings,
    restyling,
    viewing,
    views,
    wording,
)
from training.guided.__main__ import run
from training.guided.adopting import adopt
from training.guided.exporting import gather
from training.guided.photographs import FREE, Photograph, list_photographs
from training.guided.resources import read_resources
from training.guided.restyling import compare_layouts, compare_pictures
from training.plan import SIZES, Options


def photograph(use: str, number: int) -> Photograph:
    file = f"shots/{use}{number}.jpg"
    return Photograph("pypi", "shots", "1.0", file, use, "CC-BY-4.0", "A. Nobody")


SHOTS = (
    *(photograph(use, n) for use in ("train", "judge") for n in (1, 2)),
    photograph("measure", 1),
)


def listed(use: str | None = None) -> tuple[Photograph, ...]:
    return tuple(shot for shot in SHOTS if use in (None, shot.use))


@pytest.fixture(scope="module")
def guided(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Options:
    """Every stage, run for seconds."""
    torch.manual_seed(0)
    given = Options(
        out=tmp_path_factory.mktemp("guided"),
        size=SHORT,
        artwork=pack,
        minutes=0.002,
    )
    for number, shot in enumerate(SHOTS):
        folder = given.folder(f"photographs/{shot.use}")
        values = (scene(number, 200, 240) * 255).astype(np.uint8)
        Image.fromarray(values).save(folder / f"{shot.name}.png")
    # Left behind by a run whose checkpoint was taken away: no planner could be read from it.
    (given.folder("planner") / planning.EARLY).write_bytes(b"another run's")
    prompts = given.out / "few.txt"
    prompts.write_text("a red circle\na square, line art\n")
    with steps_counted(), pytest.MonkeyPatch.context() as patch:
        for module in ("photographs", "crediting"):
            patch.setattr(f"training.guided.{module}.list_photographs", listed)
        for where, name, value in (
            (basis, "_DRAWN", 64),
            (views, "VIEW", 128),
            (views, "_FEW", 1),
            (views, "_KEPT", 1),
            (decoding, "_CROP", 48),
            (decoding, "_BATCH", 4),
            (viewing, "_CROP", 96),
            (viewing, "_BATCH", 4),
            (planning, "HIDDEN", 32),
            (planning, "_BATCH", 8),
            # The only step is not early.
            (planning, "_EARLY", 0.0),
            (denoising, "WIDTHS", (16, 16, 24)),
            (denoising, "_BATCH", 8),
            (distilling, "_BATCH", 8),
            (wording, "PROMPTS", prompts),
            *((evaluate, name, values) for name, values in TWO.items()),
            (restyling, "AREA", 96 * 96),
            (restyling, "STRENGTHS", (0.4, 0.8)),
            (restyling, "LOOKED_AT", ("anime", "night")),
        ):
            patch.setattr(where, name, value)
        run(given)
        before = {path: path.stat().st_mtime_ns for path in given.out.rglob("*")}
        run(given)
        assert {path: path.stat().st_mtime_ns for path in given.out.rglob("*")} == before
    return given


def test_every_stage_leaves_its_records(guided: Options) -> None:
    for stage in ("towers", "viewer", "crisp", "planner", "denoiser", "distilled"):
        assert (guided.out / stage / "loss.csv").exists()
        assert (guided.out / stage / "checkpoint.pt").exists()
    report = json.loads((guided.out / "restyling" / "report.json").read_text())
    assert set(report["looks"]) == {"anime", "night"}
    assert set(report["ceiling"]) == {"all", "anime", "night"}
    assert set(report["all"]) == {"0.4", "0.8"}
    with Image.open(guided.out / "restyling" / "sheet.png") as sheet:
        assert sheet.width == 3 * 256
    drawn = json.loads((guided.out / "wording" / "report.json").read_text())
    assert drawn["text"]["pictures"] == guided.size.measured
    assert {"strength", "style", "content", "blend"} < set(drawn)


def test_the_export_is_read_back_and_names_its_sources(guided: Options) -> None:
    folder = guided.out / "guided"
    found = read_networks(folder)
    assert found.planner is not None
    assert found.latents.channels == basis.CHANNELS
    card = (folder / "README.md").read_text()
    assert "| train1.jpg | A. Nobody | CC-BY-4.0 |" in card
    assert "judge1" not in card
    assert "creativecommons.org/licenses/by/4.0" in card
    assert (folder / "LICENSES.md").exists()
    assert (folder / "text_encoder" / "config.json").exists()
    config = json.loads((folder / "config.json").read_text())
    assert config["trained"]["denoiser"]["steps"] > 0
    assert config["trained"]["distilled"]["steps"] > 0
    assert config["guidance"] == found.guidance == distilling.GUIDANCE


def test_another_training_goes_on_from_an_export(
    guided: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denoising, "WIDTHS", (16, 16, 24))
    monkeypatch.setattr(planning, "HIDDEN", 32)
    adopt(guided.out / "guided", tmp_path)
    networks, trained = gather(Options(out=tmp_path, size=SIZES["tiny"]))
    exported = read_networks(guided.out / "guided")
    for name, weight in exported.denoiser.state_dict().items():
        assert torch.equal(networks.denoiser.state_dict()[name], weight)
    assert trained["denoiser"]["steps"] == 0
    # Guidance came along with its weights, and is not distilled twice.
    assert networks.guidance == exported.guidance == distilling.GUIDANCE
    monkeypatch.setattr(distilling, "load_drawings", lambda _: None)
    monkeypatch.setattr(distilling, "load_photographs", lambda _: None)
    with pytest.raises(ValueError, match="train it on before"):
        distilling.distil(Options(out=tmp_path, size=SIZES["tiny"]), 0.01)
    assert (tmp_path / "towers" / "text" / "config.json").exists()


@pytest.fixture
def lent(guided: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lent of it, written anew."""
    monkeypatch.setattr(denoising, "WIDTHS", (16, 16, 24))
    monkeypatch.setattr(planning, "HIDDEN", 32)
    monkeypatch.setattr("training.guided.crediting.list_photographs", listed)
    lending.lend(guided)


@pytest.mark.usefixtures("lent")
def test_it_is_lent_to_the_model_whose_text_its_planner_reads(guided: Options) -> None:
    lent, kept = read_networks(guided.out / OWN), read_networks(guided.out / "guided")
    assert lent.planner is not None
    assert torch.equal(lent.denoiser.leave.weight, kept.denoiser.leave.weight)
    assert "A. Nobody" in (guided.out / OWN / "README.md").read_text()
    assert (guided.out / "planner" / planning.EARLY).exists()


@pytest.mark.usefixtures("lent")
def test_what_is_lent_learns_to_show_its_drawings_larger(
    guided: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enlarging, "PAIRS", 2)
    monkeypatch.setattr(enlarging, "WIDTH", 8)
    with steps_counted():
        enlarging.train_enlarging(guided, 0.005)
    network = load_compact(guided.out / OWN / FILE)
    assert (network.factor, len(next(network.parameters()))) == (4, 8)
    assert "enlarging: " in (guided.out / OWN / "README.md").read_text()


def test_a_view_is_kept_in_every_look(guided: Options) -> None:
    latents, looks = views.load_views(guided, "train", "latents")
    assert latents.shape == (2, 1 + len(MEDIA) + len(LIGHTS) + 4, basis.CHANNELS, 16, 16)
    named = [LOOKS[row] for row in looks[0, :, 0].tolist()]
    assert named[0] == "photograph"
    assert set(named[1:16]) == {*MEDIA, *LIGHTS}
    assert (looks[0, :16, 1] == views.NONE).all()
    assert all(LOOKS[row] in LIGHTS for row in looks[0, 16:, 1].tolist())


def test_what_is_learnt_from_is_free() -> None:
    for use in ("train", "judge"):
        assert all(shot.licence.startswith(FREE) for shot in list_photographs(use))
    names = [shot.name for shot in list_photographs()]
    assert len(set(names)) == len(names)


def test_a_licence_that_is_not_free_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = photographs.TABLE.read_text().replace("CC-BY-4.0", "CC-BY-SA-4.0")
    (tmp_path / "table.tsv").write_text(table)
    monkeypatch.setattr(photographs, "TABLE", tmp_path / "table.tsv")
    list_photographs.cache_clear()
    with pytest.raises(ValueError, match="cannot be made from"):
        list_photographs()
    list_photographs.cache_clear()


@pytest.mark.parametrize("name", [*renderings.MEDIA, *renderings.LIGHTS])
def test_a_rendering_keeps_shape_and_range_and_repeats(name: str) -> None:
    picture = scene(2)
    render = {**renderings.MEDIA, **renderings.LIGHTS}[name]
    made = render(picture, np.random.default_rng(1))
    assert made.shape == picture.shape
    assert made.dtype == np.float32
    assert made.min() >= 0
    assert made.max() <= 1
    assert np.abs(made - picture).mean() > 0.02
    assert np.array_equal(render(picture, np.random.default_rng(1)), made)


def test_likeness_is_one_of_the_same_and_less_of_others() -> None:
    first, second = (torch.from_numpy(scene(n)).permute(2, 0, 1) * 2 - 1 for n in (1, 2))
    second = second.flip(2)
    for compare in (compare_layouts, compare_pictures):
        assert compare(first, first) == pytest.approx(1, abs=1e-4)
        assert compare(first, second) < 0.99


def qt_resource(files: dict[str, bytes]) -> bytes:
    """A resource of format 1 with files in one folder; those named in capitals are packed."""
    names, data, tree = b"", b"", struct.pack(">IHII", 0, 2, 1, 1)
    places = {}
    for name in ("pictures", *files):
        places[name] = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    tree += struct.pack(">IHII", places["pictures"], 2, len(files), 2)
    for name, content in files.items():
        packed = name.isupper()
        stored = struct.pack(">I", len(content)) + zlib.compress(content) if packed else content
        tree += struct.pack(">IHHHI", places[name], int(packed), 0, 0, len(data))
        data += struct.pack(">I", len(stored)) + stored
    head = 20
    at = (head, head + len(tree), head + len(tree) + len(data))
    return b"qres" + struct.pack(">4I", 1, *at) + tree + data + names


def test_files_inside_a_resource_are_found() -> None:
    files = {"cat.webp": b"meow", "DOG": b"woof" * 9}
    found = dict(read_resources(qt_resource(files)))
    assert found == {f"pictures/{name}": content for name, content in files.items()}
    with pytest.raises(ValueError, match="no Qt resource"):
        dict(read_resources(b"GIF89a"))
