"""Fetching and checking checkpoints, from a hub on this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants
from safetensors.numpy import save_file
from typer.testing import CliRunner

from cli import app
from cli.checkpoints import find_faults as faults
from generation.catalogue.checkpoints import OWN
from generation.catalogue.families import BUNDLED, CARDS, VARIANTS
from tests.cli.hub import COMMIT, NAME, Hub, hub
from tests.generation.checkpoints import build_sd15
from tests.generation.classifiers import build_vit
from tests.generation.eyes import EYES

ROOT = Path(__file__).parents[2]

HERE = [card for card in CARDS if card.id not in OWN or OWN[card.id].is_dir()]
"""The families that could be drawn with: what comes with Easel may not be there."""

LARGE = 24 * 2**20
"""Bytes of a file in which a download breaks off; the hub's client writes 10 MiB at a time."""


@dataclass
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Shop:
    """A hub, and a machine that has fetched nothing yet."""

    url: str
    hub: type[Hub]
    home: Path

    def easel(self, *words: str, typed: str = "") -> Done:
        """Runs the command in this process, which spares a second of imports."""
        file = "{repo_id}/resolve/{revision}/{filename}"
        named = {
            "ENDPOINT": self.url,
            "HUGGINGFACE_CO_URL_TEMPLATE": f"{self.url}/{file}",
            "HF_HUB_CACHE": str(self.home / "hub"),
            "HF_XET_CACHE": str(self.home / "xet"),
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in named.items():
                patch.setattr(constants, name, value)
            result = CliRunner().invoke(app.app, ["models", *words], input=typed)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    def process(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Runs the command as people do."""
        environment = {**os.environ, "HF_ENDPOINT": self.url, "HF_HOME": str(self.home)}
        return subprocess.run(
            [sys.executable, "-m", "cli", "models", *words],
            input=typed,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            check=False,
            timeout=100,
        )

    @property
    def fetched(self) -> Path:
        return self.home / "hub" / f"models--{NAME.replace('/', '--')}" / "snapshots" / COMMIT


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build_sd15(tmp_path_factory.mktemp("hub") / "tiny")
    (folder / "README.md").write_text("---\nlicense: mit\n---\nTiny.\n", encoding="utf-8")
    (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"a variant")
    (folder / "whole.safetensors").write_bytes(b"all in one file")
    save_file({"zeros": np.zeros(LARGE, np.uint8)}, folder / "vae" / "large.safetensors")
    return folder


@pytest.fixture
def shop(checkpoint: Path, tmp_path: Path) -> Iterator[Shop]:
    with hub(checkpoint) as (url, kind):
        yield Shop(url, kind, tmp_path)


def test_lists_every_family_with_licence_and_memory(shop: Shop) -> None:
    for words in ((), ("list",)):
        said = shop.easel(*words).stdout
        assert all(card.title in said and card.licence in said for card in HERE)
        assert "12 GiB of GPU memory" in said


def test_fetches_after_a_yes_what_the_family_reads_and_pins_it(shop: Shop) -> None:
    done = shop.process("fetch", NAME, typed="y\n")
    assert done.returncode == 0, done.stderr
    assert "Licence: MIT." in done.stdout
    assert done.stdout.index("Licence") < done.stdout.index("Accept the licence and fetch ")
    assert f"EASEL_MODEL={NAME}@{COMMIT}" in done.stdout
    assert list(faults(shop.fetched)) == []
    assert not list(shop.fetched.rglob("*fp16*"))
    assert not (shop.fetched / "whole.safetensors").exists()


def test_nothing_is_fetched_without_a_yes(shop: Shop) -> None:
    done = shop.easel("fetch", NAME, typed="n\n")
    assert done.returncode == 1
    assert not list(shop.fetched.rglob("*.safetensors"))


def test_what_broke_off_goes_on(shop: Shop) -> None:
    weights = "vae/large.safetensors"
    shop.hub.cut.add(weights)
    broken = shop.process("fetch", NAME, "--yes")
    assert (broken.returncode, "run this again to resume" in broken.stderr) == (1, True)
    begun, went_on = (name for name in shop.hub.asked if name.startswith(f"{weights}@"))
    assert (begun.endswith("@0"), went_on.endswith("@0")) == (True, False)
    files = [path for path in shop.fetched.rglob("*") if path.is_file()]
    here = {f"{file.relative_to(shop.fetched).as_posix()}@0" for file in files}
    shop.hub.cut.clear()
    shop.hub.asked.clear()
    done = shop.easel("fetch", NAME, "--yes")
    assert done.returncode == 0, done.stderr
    assert list(faults(shop.fetched)) == []
    assert here
    assert not here & set(shop.hub.asked)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("easel", "comes with Easel"),
        ("someone/else", "There is no checkpoint someone/else"),
        ("what is/this", "cannot be fetched"),
        ("nope", "There is no model nope; the names are easel, easel2, "),
        ("sdlx", "There is no model sdlx; did you mean sdxl?"),
    ],
)
def test_what_cannot_be_fetched_is_one_sentence(shop: Shop, name: str, said: str) -> None:
    done = shop.easel("fetch", name, "--yes")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_network_fetching_is_one_sentence(shop: Shop) -> None:
    shop.url = "http://127.0.0.1:9"
    done = shop.easel("fetch", "sdxl-lightning", "--accept-licence")
    assert done.returncode == 1
    assert "stabilityai/stable-diffusion-xl-base-1.0 cannot be fetched" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_licence_with_a_catch_is_read_before_anything_is_asked(shop: Shop) -> None:
    said = shop.easel("list").stdout
    assert all(card.notice in said for card in VARIANTS)
    assert all(card.called in said and card.model in said for card in (*HERE, *VARIANTS))


def test_checks_by_name_that_nothing_changed_since_it_was_fetched(shop: Shop) -> None:
    assert "is not on this machine" in shop.easel("check", NAME).stderr
    shop.easel("fetch", NAME, "--accept-licence")
    assert shop.easel("check", f"{NAME}@{COMMIT}").returncode == 0
    weights = (shop.fetched / "vae" / "large.safetensors").resolve()
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    done = shop.easel("check", NAME)
    assert done.returncode == 1
    assert done.stderr == "vae/large.safetensors is missing or damaged; fetch it again.\n"


def test_fetches_controlnets_and_pins_each(tmp_path: Path) -> None:
    network = tmp_path / "network"
    network.mkdir()
    (network / "config.json").write_text("{}", encoding="utf-8")
    save_file({"one": np.ones(9)}, network / "diffusion_pytorch_model.safetensors")
    (network / "diffusion_pytorch_model.bin").write_bytes(b"not to be read")
    with hub(network) as (url, kind):
        shop = Shop(url, kind, tmp_path)
        named = f"canny={NAME},scribble={NAME}"
        done = shop.easel("fetch", "--controlnets", named, typed="y\n")
        assert done.returncode == 0, done.stderr
        pinned = f"{NAME}@{COMMIT}"
        assert f"EASEL_CONTROLNETS=scribble={pinned},canny={pinned}\n" in done.stdout
        assert "EASEL_ESTIMATORS" not in done.stdout
        assert done.stdout.count("Licence: ") == 1
        assert {file.suffix for file in shop.fetched.iterdir()} == {".json", ".safetensors"}


def test_what_finds_things_is_fetched_with_what_reads_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = tmp_path / "network"
    network.mkdir()
    (network / "config.json").write_text("{}", encoding="utf-8")
    (network / "tokenizer.json").write_text("{}", encoding="utf-8")
    (network / "pytorch_model.bin").write_bytes(b"not to be read")
    save_file({"one": np.ones(9)}, network / "model.safetensors")
    monkeypatch.setenv("EASEL_FINDER", f"{NAME}, /srv/sam")
    monkeypatch.chdir(tmp_path)
    with hub(network) as (url, kind):
        shop = Shop(url, kind, tmp_path)
        done = shop.easel("fetch", typed="y\n")
        assert done.returncode == 0, done.stderr
        names = {file.name for file in shop.fetched.iterdir()}
    assert names == {"config.json", "tokenizer.json", "model.safetensors"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("flux2-klein", "no ControlNets to fetch for FLUX.2 klein; try sd15, sdxl"),
        ("smell=a/b", "does not say which ControlNet"),
        ("canny=someone/else", "There is no checkpoint someone/else"),
    ],
)
def test_controlnets_that_cannot_be_fetched_are_one_sentence(
    shop: Shop, name: str, said: str
) -> None:
    done = shop.easel("fetch", name, "--controlnets", "--yes")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_checks_a_checkpoint_piece_by_piece(tmp_path: Path) -> None:
    assert list(faults(BUNDLED)) == []
    whole = build_sd15(tmp_path / "whole")
    assert list(faults(whole)) == []
    (whole / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"half")
    (whole / "tokenizer").rename(whole / "elsewhere")
    (whole / "unet" / "diffusion_pytorch_model.safetensors").rename(whole / "unet" / "weights.bin")
    found = "\n".join(faults(whole))
    assert "vae/diffusion_pytorch_model.safetensors is missing or damaged" in found
    assert "tokenizer is missing" in found
    assert "unet has no safetensors weights" in found
    (whole / "model_index.json").write_text("{", encoding="utf-8")
    assert "not a checkpoint" in next(faults(whole))


def test_half_precision_is_fetched_where_every_part_has_it(tmp_path: Path) -> None:
    folder = build_sd15(tmp_path / "tiny")
    for file in folder.glob("*/*.safetensors"):
        save_file({"half": np.zeros(4, np.float16)}, file.with_suffix(".fp16.safetensors"))
    with hub(folder) as (url, kind):
        shop = Shop(url, kind, tmp_path)
        assert shop.easel("fetch", NAME, "--yes").returncode == 0
        names = {file.name for file in shop.fetched.rglob("*.safetensors")}
        assert names
        assert all(".fp16." in name for name in names)
        # What was begun in full is completed in full.
        whole = Shop(url, kind, tmp_path / "other")
        (folder / "vae" / "diffusion_pytorch_model.fp16.safetensors").unlink()
        assert whole.easel("fetch", NAME, "--yes").returncode == 0
        assert not any(".fp16." in file.name for file in whole.fetched.rglob("*"))


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("", "unknown"),
        ("# No front matter\nlicense: mit\n", "unknown"),
        ("---\nlicense: apache-2.0\ntags:\n- art\n---\n", "Apache-2.0"),
        (
            "---\nlicense: other\nlicense_name: flux-non-commercial-license\n---\n",
            "FLUX Non-Commercial License",
        ),
        ("---\nlicense: other\nlicense_name: My-Own\n---\n", "my-own"),
    ],
)
def test_the_licence_is_the_repositorys_own_or_unknown(
    tmp_path: Path, card: str, licence: str
) -> None:
    folder = build_sd15(tmp_path / "tiny")
    if card:
        (folder / "README.md").write_text(card, encoding="utf-8")
    with hub(folder) as (url, kind):
        said = Shop(url, kind, tmp_path).easel("fetch", NAME, typed="n\n").stdout
        assert f"Licence: {licence}" in said
        assert "OpenRAIL" not in said


def test_what_stands_around_a_denoiser_is_fetched_without_it(shop: Shop) -> None:
    done = shop.easel("fetch", NAME, "--around", "--yes")
    assert done.returncode == 0, done.stderr
    assert (shop.fetched / "unet" / "config.json").is_file()
    assert not list((shop.fetched / "unet").glob("*.safetensors"))
    assert list((shop.fetched / "vae").glob("*.safetensors"))


def test_without_a_name_all_that_the_settings_name_is_fetched(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    file = "unet/diffusion_pytorch_model.fp16.safetensors"
    for name, value in {
        "EASEL_MODEL": NAME,
        "EASEL_LORAS": f"ink={NAME}@{COMMIT}#{file}; own=/srv/own.safetensors",
        "EASEL_FINDER": "/srv/clipseg",
    }.items():
        monkeypatch.setenv(name, value)
    done = shop.easel("fetch", typed="y\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Licence: MIT.") == 2
    assert "All that the settings name is here." in done.stdout
    assert (shop.fetched / file).is_file()
    assert list((shop.fetched / "vae").glob("*.safetensors"))


def test_an_eye_is_fetched_by_what_the_settings_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = EYES["qwen3-vl"](tmp_path / "eye")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\nSees.\n", encoding="utf-8")
    (folder / "pytorch_model.bin").write_bytes(b"pickled")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EASEL_EYES", NAME)
    with hub(folder) as (url, kind):
        shop = Shop(url, kind, tmp_path / "home")
        done = shop.easel("fetch", "eyes", typed="y\n")
        assert done.returncode == 0, done.stderr
        assert "an eye, which tells what pictures show" in done.stdout
        assert f"EASEL_EYES={NAME}@{COMMIT}" in done.stdout
        assert {"config.json", "model.safetensors", "tokenizer.json"} <= {
            file.name for file in shop.fetched.iterdir()
        }
        assert not (shop.fetched / "pytorch_model.bin").exists()
    monkeypatch.setenv("EASEL_EYES", "off")
    assert "needs none here" in shop.easel("fetch", "eyes").stdout


def test_a_classifier_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build_vit(tmp_path / "judge")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\nJudges.\n", encoding="utf-8")
    (folder / "pytorch_model.bin").write_bytes(b"pickled")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EASEL_CLASSIFIER", NAME)
    with hub(folder) as (url, kind):
        shop = Shop(url, kind, tmp_path / "home")
        done = shop.easel("fetch", "classifier", typed="y\n")
        assert done.returncode == 0, done.stderr
        assert "a classifier, which judges pictures" in done.stdout
        assert f"EASEL_CLASSIFIER={NAME}@{COMMIT}" in done.stdout
        assert {"config.json", "model.safetensors", "preprocessor_config.json"} == {
            file.name for file in shop.fetched.iterdir()
        } - {"README.md"}
