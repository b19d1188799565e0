"""Which checkpoints are served, by which names, and what a name or a recipe means among them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generation.catalogue.card import Capability
from generation.catalogue.checkpoints import choose_card
from generation.catalogue.extras import add_extras, select_entries
from generation.catalogue.families import BUNDLED, CARDS, EASEL_2, VARIANTS, UnknownFamilyError
from generation.catalogue.headers import WeightsError
from generation.catalogue.served import (
    ServedError,
    choose_usual,
    find_model_of,
    find_named,
    list_served,
)
from storage.settings import Settings
from tests.generation.samples import APPLE

HERE = EASEL_2.is_dir()
"""Whether the bundled model brings the one for photographs along."""

KNOWN = [card.called for card in (*CARDS, *VARIANTS)]


def settings(**chosen: Any) -> Settings:
    return Settings(_env_file=None, **chosen)  # type: ignore[call-arg]


@pytest.mark.parametrize("model", ["", "sdxl", "sdxl-lightning", "acme/real-xl@3f2a", "/srv/own"])
def test_alone_the_usual_one_is_what_it_ever_was(model: str) -> None:
    chosen = settings(model=model, loras="ink=acme/ink@1#ink.safetensors")
    one, *others = list_served(chosen).values()
    assert [other.card.id for other in others] == (["easel2"] if not model and HERE else [])
    assert one == choose_usual(list_served(chosen))
    assert one.card == add_extras(choose_card(chosen.model, chosen.family), chosen)


def test_the_bundled_model_stands_beside_others() -> None:
    models = list_served(settings(model="sdxl", models="easel, photo=acme/photo-xl@3f2a"))
    assert [*models] == ["sdxl", "easel", "photo"]
    assert (models["easel"].source, models["easel"].model) == (str(BUNDLED), "easel-1")
    alone = choose_usual(list_served(settings()))
    assert (alone.source, alone.model) == (str(BUNDLED), "easel-1")
    photo = models["photo"]
    assert (photo.card.id, photo.card.called, photo.card.title) == ("sdxl", "photo", "photo")
    assert (photo.source, photo.model) == ("acme/photo-xl@3f2a", "acme/photo-xl@3f2a")


@given(st.lists(st.sampled_from(KNOWN), unique=True, max_size=4))
def test_known_names_keep_their_order_and_come_after_the_usual_one(names: list[str]) -> None:
    models = (
        list_served(settings(model="/srv/own/sdxl-photo", models=",".join(names)))
        if ("sdxl" not in names)
        else list_served(settings(model=names[0], models=",".join(names[1:])))
    )
    assert [*models][-len(names) :] == names or not names
    for name in names:
        found = find_named(models, name)
        assert found is not None
        assert found.card.called == name


def test_a_folder_is_known_by_its_files_or_by_what_is_said_of_it(tmp_path: Path) -> None:
    place = tmp_path / "quick"
    place.mkdir()
    (place / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    models = list_served(settings(models=f"sdxl-lightning:Quick={place}, slow={tmp_path / 'sd'}"))
    assert (models["quick"].card.distilled, models["quick"].model) == (True, "quick")
    assert models["quick"].card.title == "Quick"
    assert models["slow"].card.id == "sd15"


@pytest.mark.parametrize(
    ("models", "sentence"),
    [
        ("sdxl, sdxl", "two models called sdxl"),
        ("easel", "two models called easel"),
        ("a=acme/xl, A=acme/other-xl", "two models called a"),
        ("my-own=acme/xl, my_own=acme/other-xl", "called my_own"),
        ("a=acme/xl, b=acme/xl", "recipes would call acme/xl"),
        ("sdlx", "cannot use `sdlx`; write a file, a folder"),
        ("a=", "cannot use `a=`"),
        ("a b=acme/xl", "cannot use `a b=acme/xl`"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(models: str, sentence: str) -> None:
    with pytest.raises(ServedError, match=sentence) as caught:
        list_served(settings(models=models))
    assert str(caught.value).endswith(".")
    assert "EASEL_MODELS" in str(caught.value)


def test_an_unknown_family_is_named() -> None:
    with pytest.raises(UnknownFamilyError, match="dalle"):
        list_served(settings(models="dalle:a=acme/xl"))


@given(st.text(max_size=30))
@example("~nobody-here/model.safetensors")
def test_any_text_is_read_or_refused(models: str) -> None:
    try:
        found = list_served(settings(models=models))
    except (ServedError, UnknownFamilyError, WeightsError):
        return
    assert next(iter(found)) == "easel"
    assert all(one.card.called == name for name, one in found.items())


def test_a_name_means_its_model_else_one_of_its_family() -> None:
    models = list_served(
        settings(model="easel", models="photo=acme/xl, sdxl-anime, my-own=acme/b-xl")
    )
    for typed, meant in (
        ("photo", "photo"),
        ("sdxl", "photo"),
        ("sdxlanime", "sdxl-anime"),
        ("MY_OWN", "my-own"),
        ("sd15", None),
    ):
        found = find_named(models, typed)
        assert (found and found.card.called) == meant


def test_a_recipe_is_of_its_checkpoint() -> None:
    models = list_served(settings(models="photo=acme/xl@1, paint=acme/b-xl, flux2-klein"))

    def called(family: str, model: str) -> str | None:
        found = find_model_of(models, replace(APPLE, family=family, model=model))
        return found.card.called if found else None

    assert called("easel", "easel-1") == "easel"
    assert called("sdxl", "acme/xl@1") == "photo"
    assert called("sdxl", "acme/b-xl") == "paint"
    assert called("sdxl", "acme/gone-xl") is None
    assert called("flux2-klein", "flux2-klein@older") == "flux2-klein"
    assert called("sd15", "sd15") is None


def test_what_lies_beside_is_for_the_families_it_fits() -> None:
    models = list_served(
        settings(
            model="sd15",
            models="sdxl, flux2-klein",
            adapters="h94/IP-Adapter",
            controlnets="sdxl:xinsir/union, sd15:canny=acme/canny",
            loras="sdxl:ink=acme/ink@1#ink.safetensors",
        )
    )
    cards = {name: one.card for name, one in models.items()}
    assert Capability.STYLE in cards["sd15"].capabilities & cards["sdxl"].capabilities
    assert cards["sd15"].structures == ("canny",)
    assert len(cards["sdxl"].structures) > 1
    assert not cards["flux2-klein"].structures
    assert [len(card.loras) for card in cards.values()] == [0, 1, 0]


@pytest.mark.parametrize("setting", ["", "acme/nets", "canny=a/b, depth=c/d", r"C:\nets", "a:b"])
def test_a_setting_that_names_no_family_is_for_all(setting: str) -> None:
    assert select_entries(setting, "sdxl") == setting
    assert not select_entries(setting, "sdxl", unnamed=False)
    assert (
        select_entries(f"sdxl:{setting},sd15:x", "sdxl", unnamed=False) == setting.partition(",")[0]
    )


def test_the_bundled_model_brings_the_one_for_photographs_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text('{"format": "easel-guided-1"}')
    monkeypatch.setattr("generation.catalogue.served.EASEL_2", tmp_path)
    assert [*list_served(settings())] == ["easel", "easel2"]
    assert [*list_served(settings(models="sd15"))] == ["easel", "easel2", "sd15"]
    assert [*list_served(settings(models=f"own={tmp_path}"))] == ["easel", "own"]
    assert list_served(settings(models=f"own={tmp_path}"))["own"].card.id == "easel2"
    assert [*list_served(settings(model="sdxl"))] == ["sdxl"]
    monkeypatch.setattr("generation.catalogue.served.EASEL_2", tmp_path / "gone")
    assert [*list_served(settings())] == ["easel"]
