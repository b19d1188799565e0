import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import MethodType, SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers.configuration_utils import ConfigMixin
from diffusers.models import attention_processor, modeling_utils
from diffusers.pipelines.flux import pipeline_flux_kontext
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus
from PIL import Image

from generation.catalogue.extras import extend_card
from generation.catalogue.families import BUNDLED, find_card
from generation.conditioning.image_adapters import References
from generation.families import qwen_image_edit, sd15, sdxl
from generation.families.load import FAMILIES, load
from generation.recipe import Recipe
from generation.sampling import previews
from generation.sampling.engine import Engine
from tests.generation import checkpoints
from tests.generation.adapters import build_adapters, build_redux
from tests.generation.controlnets import (
    build_controlnets,
    build_depth,
    build_flux_control,
    build_pose,
    build_union,
    build_z_image_control,
)
from tests.generation.samples import NATIVE, batched, quiet, recipe_for, seen


@pytest.fixture(autouse=True, scope="session")
def quick_diffusers() -> Iterator[None]:
    """What diffusers looks up again and again takes tiny models longer than what they compute."""

    def find_dtype(module: Any) -> torch.dtype:
        """As diffusers does, which looks at all modules before whether they are kept in 8 bits."""
        kept = getattr(module, "_keep_in_fp32_modules", None) or ()
        found = (
            weight.dtype
            for name, weight in module.named_parameters()
            if weight.is_floating_point() and not any(part in name for part in kept)
        )
        dtype = next(found, None)
        if dtype is None or dtype.itemsize == 1:
            dtype = look_everywhere(module)
        assert isinstance(dtype, torch.dtype)
        return dtype

    @cache
    def read_signature(function: Any) -> inspect.Signature:
        return inspect.signature(MethodType(function, ...))

    signatures = SimpleNamespace(signature=lambda call: read_signature(call.__func__))
    look_everywhere = modeling_utils.get_parameter_dtype
    find_keys = cache(ConfigMixin._get_init_keys)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modeling_utils, "get_parameter_dtype", find_dtype)
        # Every attention of every step asks what it may be given; a compiler traces others' alone.
        patch.setattr(attention_processor, "inspect", signatures)
        patch.setattr(ConfigMixin, "_get_init_keys", staticmethod(lambda it: set(find_keys(it))))
        yield


@pytest.fixture(autouse=True, scope="session")
def small_references() -> Iterator[None]:
    """Some families make every reference a megapixel, here and in diffusers."""
    with pytest.MonkeyPatch.context() as patch:
        for module, names in (
            (qwen_image_edit, ("AREA", "SEEN_AREA")),
            (pipeline_qwenimage_edit_plus, ("VAE_IMAGE_SIZE", "CONDITION_IMAGE_SIZE")),
        ):
            for name in names:
                patch.setattr(module, name, 64 * 64)
        small = [(64, 64), (48, 80), (80, 48)]
        patch.setattr(pipeline_flux_kontext, "PREFERRED_KONTEXT_RESOLUTIONS", small)
        yield


@pytest.fixture(autouse=True, scope="session")
def small_palettes() -> Iterator[None]:
    """Every model that is loaded encodes a picture of flat patches: the larger, the slower."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(previews, "PATCH", 16)
        yield


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny checkpoint of a family, built when first asked for."""
    root = tmp_path_factory.mktemp("checkpoints")
    builders = {
        "sd15": checkpoints.build_sd15,
        "instruct-pix2pix": checkpoints.build_instruct_pix2pix,
        "sdxl": checkpoints.build_sdxl,
        "flux2-klein": checkpoints.build_flux2_klein,
        "flux2-dev": checkpoints.build_flux2_dev,
        "chroma": checkpoints.build_chroma,
        "z-image": checkpoints.build_z_image,
        "flux1-dev": checkpoints.build_flux1_dev,
        "flux1-kontext": checkpoints.build_flux1_kontext,
        "qwen-image": checkpoints.build_qwen_image,
        "qwen-image-edit": checkpoints.build_qwen_image_edit,
    }

    def folder(family: str) -> Path:
        if family == "easel":
            return BUNDLED
        place = root / family
        return place if place.exists() else builders[family](place)

    return folder


@pytest.fixture(scope="session")
def adapters(
    tmp_path_factory: pytest.TempPathFactory, folders: Callable[[str], Path]
) -> Callable[[str], str]:
    """The folder of tiny image adapters for a family; empty where it takes none."""
    root = tmp_path_factory.mktemp("adapters")
    known = {"sd15": sd15.ADAPTERS, "sdxl": sdxl.ADAPTERS}

    def folder(family: str) -> str:
        if family == "flux1-dev":
            place = root / family
            transformer = folders(family) / "transformer"
            return str(place if place.exists() else build_redux(place, transformer))
        if family not in known:
            return ""
        place, unet = root / family, folders(family) / "unet"
        return str(place if place.exists() else build_adapters(place, known[family], unet))

    return folder


@pytest.fixture(scope="session")
def controlnets(
    tmp_path_factory: pytest.TempPathFactory, folders: Callable[[str], Path]
) -> Callable[[str], str]:
    """The setting for tiny ControlNets of a family; empty where it takes none."""
    root = tmp_path_factory.mktemp("controlnets")
    builders: dict[str, Callable[[Path, Path], str]] = {
        "sd15": build_controlnets,
        "sdxl": build_union,
        "z-image": build_z_image_control,
        "flux1-dev": build_flux_control,
    }
    built: dict[str, str] = {}

    def setting(family: str) -> str:
        if family in builders and family not in built:
            part = "unet" if family in {"sd15", "sdxl"} else "transformer"
            built[family] = builders[family](root / family, folders(family) / part)
        return built.get(family, "")

    return setting


@pytest.fixture(scope="session")
def estimators(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The setting for tiny estimators of depth and pose."""
    root = tmp_path_factory.mktemp("estimators")
    return f"depth={build_depth(root / 'depth')},pose={build_pose(root / 'pose')}"


@pytest.fixture(scope="session")
def engines(
    folders: Callable[[str], Path],
    adapters: Callable[[str], str],
    controlnets: Callable[[str], str],
    estimators: str,
) -> Callable[[str], Engine]:
    """A loaded engine of a family with all that it takes, loaded when first asked for.

    It computes one batch at a time: threads that share one core wait for each other.
    """
    loaded: dict[str, Engine] = {}

    def engine(family: str) -> Engine:
        if family not in loaded:
            beside, networks = adapters(family), controlnets(family)
            whole = load(
                extend_card(find_card(family), beside, controlnets=networks),
                str(folders(family)),
                torch.device("cpu"),
                beside,
                controlnets=networks,
                estimators=estimators,
            )
            loaded[family] = batched(whole)
        return loaded[family]

    return engine


@pytest.fixture(params=[family.id for family in FAMILIES])
def engine(request: pytest.FixtureRequest, engines: Callable[[str], Engine]) -> Engine:
    """Each family in turn: the tests that every family has to pass."""
    return engines(request.param)


@pytest.fixture(params=["easel", "sd15", "sdxl"])
def unet(request: pytest.FixtureRequest, engines: Callable[[str], Engine]) -> Engine:
    """Each family of the Stable Diffusion kind in turn."""
    return engines(request.param)


@pytest.fixture(params=["flux2-klein", "z-image", "flux1-dev", "chroma", "qwen-image"])
def flow(request: pytest.FixtureRequest, engines: Callable[[str], Engine]) -> Engine:
    """Each family of flow matching in turn."""
    return engines(request.param)


@pytest.fixture(params=NATIVE)
def native(request: pytest.FixtureRequest, engines: Callable[[str], Engine]) -> Engine:
    """Each family that reads images itself in turn."""
    return engines(request.param)


@pytest.fixture(scope="module")
def once() -> Callable[[Engine, Recipe], Image.Image]:
    """The first picture of a recipe, drawn once: the same recipe gives the same pixels."""
    drawn: dict[str, Image.Image] = {}

    def draw_once(engine: Engine, recipe: Recipe) -> Image.Image:
        if recipe.digest not in drawn:
            if isinstance(engine.conditioning.references, References):
                engine.conditioning.references.learn(recipe, seen)
            drawn[recipe.digest] = engine.draw(recipe, None, quiet)[0]
        return drawn[recipe.digest]

    return draw_once


@pytest.fixture
def easel(engines: Callable[[str], Engine]) -> Engine:
    """The bundled model, loaded."""
    return engines("easel")


@pytest.fixture
def recipe(engine: Engine) -> Recipe:
    """A small recipe for ``engine``."""
    return recipe_for(engine, steps=2)
