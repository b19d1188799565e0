"""What every family must pass, on a tiny checkpoint of its published structure."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from generation.catalogue.card import SAMPLERS as NAMES
from generation.catalogue.card import Capability, Card
from generation.catalogue.families import CARDS, VARIANTS, find_card
from generation.catalogue.misplaced import INDEX
from generation.derive import REDRAWN, Variation, blend, narrow, vary
from generation.families import guided
from generation.families.load import FAMILIES, load
from generation.families.model_error import ModelError
from generation.pictures.canvas import frame
from generation.recipe import (
    Canvas,
    Edges,
    Ingredient,
    Noise,
    Phrase,
    Recipe,
    Span,
    Structure,
    seed_noise,
)
from generation.runtime.render import render
from generation.sampling.autoencoder import encode_picture
from generation.sampling.engine import Code, Engine
from generation.sampling.previews import measure_palette, preview_by_palette
from generation.sampling.samplers import SAMPLERS, UnknownSamplerError, make_scheduler, schedule
from storage.files import MissingFileError
from tests.generation.samples import (
    APPLE,
    KINDS,
    SEEN,
    batched,
    each_kind,
    encoded,
    looking,
    never,
    photograph,
    quiet,
    recipe_for,
    seen,
    start,
)
from tests.recipes import change

TCD_ETA = 0.3
"""The paper's gamma, which diffusers' TCD takes by itself."""

PIPED = [one for one in CARDS if one.id != guided.ID]
"""The families that are pipelines of diffusers; the other's claims are tried in tests.guided."""

Engines = Callable[[str], Engine]
Folders = Callable[[str], Path]


def draw(engine: Engine, recipe: Recipe) -> list[Image.Image]:
    if recipe.size.refinement:
        return list(render(engine, recipe, quiet, read=nothing, find=lambda _: None).single)
    if engine.conditioning.references is not None:
        engine.conditioning.references.learn(recipe, seen)
    if recipe.conditions.structure is not None and engine.conditioning.structures is not None:
        engine.conditioning.structures.learn(recipe, seen)
    if recipe.inputs.canvas is not None:
        framed = frame(recipe.inputs.canvas, photograph(), (recipe.size.width, recipe.size.height))
        return engine.draw(recipe, framed, quiet)
    return engine.draw(recipe, photograph() if recipe.inputs.start else None, quiet)


def nothing(sha256: str) -> bytes:
    """Nothing is stored."""
    raise MissingFileError(sha256)


def filled(recipe: Recipe, **canvas: Any) -> Recipe:
    """The recipe, drawn into a photograph."""
    return change(recipe, canvas=Canvas(image="a", **canvas))


def distance(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures of one size, in levels of 0 to 255."""
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


@pytest.fixture(scope="module")
def drawn() -> dict[str, Image.Image]:
    """The plain picture of each family, by its card's id, once it was drawn."""
    return {}


@pytest.fixture
def plain(engine: Engine, recipe: Recipe, drawn: dict[str, Image.Image]) -> Image.Image:
    """The picture that ``recipe`` makes."""
    if engine.card.id not in drawn:
        (drawn[engine.card.id],) = draw(engine, recipe)
    return drawn[engine.card.id]


def test_every_card_has_its_code() -> None:
    assert [family.id for family in FAMILIES] == [one.id for one in PIPED]


def test_every_card_names_a_known_sampler() -> None:
    assert tuple(SAMPLERS) == NAMES
    assert {one.sampler for one in CARDS} <= set(NAMES)


def test_draws_as_many_pictures_as_asked_in_their_size(engine: Engine, recipe: Recipe) -> None:
    width, height = 7 * engine.card.multiple, 4 * engine.card.multiple
    asked = change(recipe, width=width, height=height, noise=seed_noise(1, 2))
    pictures = draw(engine, asked)
    assert [(p.size, p.mode) for p in pictures] == [((width, height), "RGB")] * 2
    assert not same(pictures[0], pictures[1])


RED = (Span(start=2, end=5, weight=1.6),)
"""The colour of the apple, weighed."""


def exercises(recipe: Recipe) -> dict[Capability, Recipe]:
    """For what families can claim, a recipe that must not give the plain picture."""
    return {
        Capability.NEGATIVE: change(recipe, negative="green leaves"),
        Capability.GUIDANCE: change(recipe, guidance=9.0),
        Capability.EMPHASIS: change(recipe, phrases=(Phrase(text=APPLE.prompt, spans=RED),)),
        Capability.VARIATION: narrow(vary(recipe, 0, seed=99), 0),
        Capability.BLEND: blend(recipe, [Ingredient(image=one) for one in SEEN]),
        Capability.STYLE: looking(recipe, "style"),
        Capability.CHARACTER: looking(recipe, "figure"),
        Capability.EDIT: change(recipe, edit=(Ingredient(image="a" * 64),)),
        Capability.STRUCTURE: change(recipe, structure=Structure(kind="canny", image="a" * 64)),
        Capability.TILE: change(recipe, seamless=True),
        Capability.HD: change(recipe, refinement=REDRAWN),
    }


ALIKE = {Capability.VARIATION, Capability.HD}
"""What is done before or around the model, whichever it is."""


@pytest.mark.parametrize("capability", list(exercises(APPLE)))
def test_does_what_its_card_claims(
    engine: Engine, recipe: Recipe, plain: Image.Image, capability: Capability
) -> None:
    if capability not in engine.card.capabilities:
        pytest.skip(f"{engine.card.title} does not claim {capability}")
    if capability in ALIKE and engine.card.id not in KINDS:
        pytest.skip(f"tried with the kind of {engine.card.title}")
    changed = draw(engine, exercises(recipe)[capability])[0].resize(plain.size)
    assert distance(plain, changed) > 0.05


def test_no_claim_goes_without_a_checkpoint_that_it_is_tried_on(folders: Folders) -> None:
    # Where files are offered: see test_loras.
    own = {Capability.LORA}
    # See test_what_is_known_leads_what_is_drawn, and what is not painted over.
    own |= {Capability.IMAGE_PROMPT, Capability.OUTPAINT, Capability.INPAINT}
    assert set(exercises(APPLE)) == set(Capability) - own
    assert {family for family, _ in _sampled()} == {each.id for each in PIPED}
    for each in PIPED:
        index = json.loads((folders(each.id) / INDEX).read_text(encoding="utf-8"))
        assert index["_class_name"] == _code(each).pipeline
    for each in VARIANTS:
        # What siblings that were not distilled can do besides is tried in test_siblings.
        besides = {Capability.NEGATIVE, Capability.GUIDANCE}
        assert each.capabilities - besides <= find_card(each.id).capabilities


def _code(each: Card) -> Code:
    return next(family for family in FAMILIES if family.id == each.id)


class Decoded(NamedTuple):
    """A picture, and the latents that it was decoded from."""

    latents: np.ndarray[Any, Any]
    picture: Image.Image


CANVAS = Canvas(image="a", edges=Edges(right=1.0))
"""A photograph to go on from at its right."""


def decoded(engine: Engine, drawing: Callable[[], list[Image.Image]]) -> Decoded:
    seen: list[np.ndarray[Any, Any]] = []
    decode = engine.pipe.vae.decode

    def note(latents: torch.Tensor, **options: Any) -> Any:
        seen.append(latents.float().numpy())
        return decode(latents, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vars(engine.pipe.vae), "decode", note)
        (picture,) = drawing()
    return Decoded(seen[-1], picture)


def continued(engine: Engine, sampler: str) -> Decoded:
    """The photograph, gone on from."""
    recipe = change(recipe_for(engine, sampler=sampler), canvas=CANVAS)
    return decoded(engine, lambda: draw(engine, recipe))


@pytest.fixture(scope="module")
def through() -> Callable[[Engine], Decoded]:
    """The same photograph as it comes through a model itself."""
    framed, known = frame(CANVAS, photograph(), (64, 64)).picture, dict[str, Decoded]()

    def show(engine: Engine) -> Decoded:
        if engine.card.id not in known:
            began = recipe_for(engine, sampler=engine.card.sampler, start=start(0.01))
            known[engine.card.id] = decoded(engine, lambda: engine.draw(began, framed, quiet))
        return known[engine.card.id]

    return show


def _sampled() -> Iterator[tuple[str, str]]:
    """Families and samplers: every one with one family, since all take the same steps.

    With the others, their own and one that draws noise at each step.
    """
    for each in PIPED:
        few = {each.sampler, "Euler a"} & set(each.samplers)
        yield from ((each.id, name) for name in NAMES if each.id == "sd15" or name in few)


@pytest.mark.parametrize(("family", "sampler"), list(_sampled()))
def test_what_is_known_leads_what_is_drawn(
    engines: Engines, through: Callable[[Engine], Decoded], family: str, sampler: str
) -> None:
    """In latents: a tiny decoder of random weights mixes a picture's left into its right."""
    engine = engines(family)
    shown, drawn = through(engine).latents, continued(engine, sampler).latents
    quarter, apart = shown.shape[-1] // 4, np.abs(shown - drawn)
    assert apart[..., :quarter].mean() < 0.5 * apart[..., -quarter:].mean()


@pytest.mark.parametrize("sampler", ["DPM++ 2M", "Euler a"])
def test_what_is_known_is_seen_in_what_is_drawn(
    easel: Engine, through: Callable[[Engine], Decoded], sampler: str
) -> None:
    """With what latents have of it, every sampler was tried above."""
    shown, drawn = through(easel).picture, continued(easel, sampler).picture
    left, right = (0, 0, 16, 64), (48, 0, 64, 64)
    assert distance(drawn.crop(left), shown.crop(left)) < 0.9 * distance(
        drawn.crop(right), shown.crop(right)
    )


def test_what_is_not_painted_over_is_kept_to_the_pixel(engine: Engine) -> None:
    """On every family, as large as pictures are shown."""
    if Capability.INPAINT not in engine.card.capabilities:
        pytest.skip(f"{engine.card.title} does not draw into pictures")
    recipe = change(recipe_for(engine), steps=2)
    side = recipe.size.width * engine.card.enlarge
    picture, mask = photograph().resize((side, side)), Image.new("L", (40, 40))
    ImageDraw.Draw(mask).polygon([(5, 5), (35, 12), (18, 33)], fill=255)
    stored = {"a": encoded(picture), "b": encoded(mask)}
    (made,) = render(
        engine, filled(recipe, mask="b"), quiet, read=stored.__getitem__, find=never
    ).single
    kept = np.asarray(mask.resize((side, side)).filter(ImageFilter.MaxFilter(5))) == 0
    before, after = np.asarray(picture), np.asarray(made)
    assert np.array_equal(before[kept], after[kept])
    inner = np.asarray(mask.resize((side, side)).filter(ImageFilter.MinFilter(5))) == 255
    assert np.abs(before[inner].astype(int) - after[inner]).mean() > 1


def test_words_change_the_picture(engine: Engine, recipe: Recipe, plain: Image.Image) -> None:
    other = change(recipe, phrases=(Phrase(text="a castle by the sea at night"),))
    assert not same(plain, draw(engine, other)[0])


def test_text_longer_than_the_window_counts_to_its_end(unet: Engine) -> None:
    long = "many words about a red apple " * 20
    recipe = recipe_for(unet, negative="blue", steps=1)
    one = change(recipe, phrases=(Phrase(text=long + "cat"),))
    other = change(recipe, phrases=(Phrase(text=long + "dog"),))
    assert not same(draw(unet, one)[0], draw(unet, other)[0])


def test_guidance_of_one_needs_no_second_half(unet: Engine) -> None:
    rows: list[int] = []
    hook = unet.pipe.unet.register_forward_pre_hook(lambda _, given: rows.append(len(given[0])))
    try:
        draw(unet, recipe_for(unet, steps=1, guidance=1.0))
        draw(unet, recipe_for(unet, steps=1))
    finally:
        hook.remove()
    assert rows == [1, 2]


@pytest.mark.parametrize(("family", "name"), list(_sampled()))
def test_a_picture_alone_is_its_quarter_of_the_grid(
    engines: Engines, family: str, name: str
) -> None:
    engine = engines(family)
    # What samplers remember of earlier steps is seen at the third, with one family.
    steps = 3 if family == "sd15" else 2
    grid = recipe_for(engine, sampler=name, noise=seed_noise(3, 2), steps=steps)
    assert same(draw(engine, narrow(grid, 1))[0], draw(engine, grid)[1])


@each_kind
def test_a_large_picture_is_drawn_in_squares_none_larger_than_asked(engine: Engine) -> None:
    side = 4 * engine.card.multiple
    asked = recipe_for(
        engine, width=2 * side, height=side, steps=2, start=start(0.5), tile_side=side
    )
    seen: list[int] = []
    part = engine.pipe.unet if hasattr(engine.pipe, "unet") else engine.pipe.transformer

    def note(_: Any, args: Any, given: Any) -> None:
        # Z-Image's transformer calls them x.
        latents = args[0] if args else given.get("hidden_states", given.get("x"))
        shape = latents[0].shape if isinstance(latents, list) else latents.shape
        seen.append(int(np.prod(shape)))

    hook = part.register_forward_pre_hook(note, with_kwargs=True)
    try:
        (whole,) = draw(engine, change(asked, tile_side=0))
        most, seen[:] = max(seen), []
        (parts,) = draw(engine, asked)
    finally:
        hook.remove()
    assert parts.size == whole.size
    assert max(seen) == most // 2
    assert distance(parts, whole) > 0
    assert same(draw(engine, asked)[0], parts)


def test_one_square_that_is_large_enough_is_the_whole(unet: Engine) -> None:
    plain = recipe_for(unet, start=start(0.5), width=48, height=32)
    assert distance(draw(unet, plain)[0], draw(unet, change(plain, tile_side=64))[0]) < 0.5


@each_kind
def test_pictures_that_are_decoded_side_by_side_know_nothing_of_each_other(
    engine: Engine, recipe: Recipe
) -> None:
    """Each waits at the beginning and in the middle until the other is there, too."""
    grid = change(recipe, noise=seed_noise(3, 2))
    alone = draw(batched(engine, parallel=1), grid)
    vae, meet = engine.pipe.vae, Barrier(2)
    places = [vae.decoder.mid_block, *filter(None, [vae.post_quant_conv])]
    hooks = [one.register_forward_pre_hook(lambda *_: void(meet.wait(30))) for one in places]
    try:
        beside = draw(batched(engine, parallel=2), grid)
    finally:
        for hook in hooks:
            hook.remove()
    assert all(map(same, alone, beside))


def void(_: object) -> None:
    """Nothing, for hooks that must not change what is given."""


def _recipes(engine: Engine) -> Iterator[Recipe]:
    grain = engine.card.multiple
    plain = recipe_for(engine, steps=2, noise=seed_noise(2**32 - 1, 2))
    begun = change(plain, start=start(0.6))
    long = (Phrase(text="x" * 200),)
    yield filled(plain, edges=Edges(left=0.5), strength=0.7)
    wide = change(begun, width=11 * grain, height=5 * grain)
    yield vary(vary(wide, 1, seed=6), 0, seed=7, strength=0.2)
    yield change(plain, width=3 * grain, height=grain, negative="blue", phrases=long)


@each_kind
def test_alone_is_the_same_for_many_seeds_sizes_and_kinds(engine: Engine) -> None:
    """Also where two are computed at the same time, as on most processors."""
    beside = batched(engine, parallel=2)
    for four in _recipes(engine):
        grid = change(four, noise=four.noise[:2])
        assert same(draw(engine, narrow(grid, 1))[0], draw(beside, grid)[1]), grid


def test_agrees_with_the_diffusers_pipeline_to_the_bit(unet: Engine) -> None:
    pipe, recipe = unet.pipe, recipe_for(unet, steps=3)
    pipe.set_progress_bar_config(disable=True)
    for name in (name for family, name in _sampled() if family == unet.card.id):
        view = type(pipe).from_pipe(pipe, scheduler=make_scheduler(name, pipe.scheduler.config))
        view.set_progress_bar_config(disable=True)
        theirs = view(
            recipe.prompt,
            width=64,
            height=64,
            num_inference_steps=recipe.sampling.steps,
            guidance_scale=recipe.sampling.guidance,
            generator=torch.Generator().manual_seed(recipe.noise[0].seed),
            # The sampler's own share of fresh noise, which pipelines leave out unless told.
            eta=TCD_ETA if name == "TCD" else 0.0,
        ).images[0]
        assert same(draw(unet, change(recipe, sampler=name))[0], theirs), name


@each_kind
@pytest.mark.parametrize("shape", [(96, 72), (50, 301), (640, 640)])
def test_without_strength_gives_the_image_back_unchanged(
    engine: Engine, shape: tuple[int, int]
) -> None:
    image = photograph().resize(shape)
    width, height = engine.card.size(*shape)
    asked = recipe_for(
        engine,
        width=width,
        height=height,
        start=start(0),
        noise=seed_noise(1, 2),
        refinement=REDRAWN,
    )
    if Capability.HD not in engine.card.capabilities:
        asked = change(asked, refinement=0.0)
    pictures = render(
        engine, asked, quiet, read=lambda _: encoded(image), find=lambda _: None
    ).single
    assert all(same(picture, image) for picture in pictures)
    square = change(asked, width=engine.card.side, height=engine.card.side)
    (cut, _) = render(
        engine, square, quiet, read=lambda _: encoded(image), find=lambda _: None
    ).single
    assert cut.width == cut.height


@pytest.mark.parametrize("strength", [0.02, 0.5, 0.93, 1.0])
@pytest.mark.parametrize("name", list(SAMPLERS))
def test_takes_the_steps_asked_for_at_any_strength(
    easel: Engine, name: str, strength: float
) -> None:
    sampler = make_scheduler(name, easel.pipe.scheduler.config)
    timesteps = schedule(sampler, 8, strength)
    gap = float(timesteps[0] - timesteps[1])
    assert len(timesteps) == 8
    assert abs(float(timesteps[0]) - 1000 * strength) <= max(gap, 1)


def test_strength_too_small_for_the_steps_takes_fewer(easel: Engine) -> None:
    steps = 0

    def count(step: int, of: int, _: object) -> None:
        nonlocal steps
        steps = step
        assert of == 4

    easel.draw(recipe_for(easel, steps=50, start=start(0.004)), photograph(), count)
    assert steps == 4


def test_more_strength_keeps_less_of_the_photograph(easel: Engine) -> None:
    photo = ImageOps.fit(photograph(), (64, 64), Image.Resampling.LANCZOS)

    def far(strength: float, sampler: str = easel.card.sampler) -> float:
        asked = recipe_for(easel, sampler=sampler, start=start(strength))
        return distance(photo, draw(easel, asked)[0])

    *growing, free = (far(strength) for strength in (0.1, 0.3, 0.52, 0.75, 1.0))
    assert growing == sorted(growing)
    assert free > growing[2], "with little left, they differ as they please"
    for name in SAMPLERS:
        assert far(0.1, name) < 0.4 * free, name


@each_kind
def test_a_variation_stays_nearer_the_less_it_turns(
    engine: Engine, recipe: Recipe, plain: Image.Image
) -> None:
    def far(strength: float) -> float:
        turned = vary(recipe, 0, seed=50, strength=strength)
        return distance(plain, draw(engine, narrow(turned, 0))[0])

    distances = [far(s) for s in (0.0, 0.05, Variation.SUBTLE, Variation.STRONG)]
    assert distances[0] == 0
    assert distances == sorted(set(distances))


def test_a_full_turn_is_the_other_seed(easel: Engine) -> None:
    turned = recipe_for(easel, noise=(Noise(seed=1).vary(2, 1.0),))
    assert same(draw(easel, turned)[0], draw(easel, recipe_for(easel, noise=seed_noise(2, 1)))[0])


@each_kind
def test_lanes_of_a_grid_give_the_same_pictures_but_for_rounding(
    engine: Engine, recipe: Recipe
) -> None:
    """A full lane of two, and one of a single picture."""
    noisy = "Euler a" if "Euler a" in engine.card.samplers else recipe.sampling.sampler
    asked = change(recipe, noise=seed_noise(0, 3), sampler=noisy)
    alone = draw(engine, asked)
    together = draw(batched(engine, size=2), asked)
    assert len(together) == 3
    assert max(map(distance, alone, together)) < 0.5


def test_previews_resemble_the_pictures(easel: Engine) -> None:
    seen: list[list[Image.Image]] = []
    asked = recipe_for(easel, width=128, height=96, noise=seed_noise(1, 2), steps=4)
    pictures = easel.draw(asked, None, lambda *now: seen.append(now[2]()))
    assert len(seen) == 4
    assert [small.size for small in seen[-1]] == [(128, 96)] * 2
    others = [distance(small, pictures[1 - k]) for k, small in enumerate(seen[-1])]
    own = [distance(small, pictures[k]) for k, small in enumerate(seen[-1])]
    assert max(own) < 0.5 * min(others)


def test_without_a_tiny_decoder_previews_show_colours(easel: Engine) -> None:
    halves = Image.new("RGB", (128, 128), (220, 40, 30))
    halves.paste((40, 60, 200), (64, 0, 128, 128))
    with torch.inference_mode():
        latents = encode_picture(easel.pipe, halves, recipe_for(easel, width=128, height=128))
        (small,) = preview_by_palette(measure_palette(easel.family, easel.pipe))(latents)
    assert small.size == (16, 16)
    left, right = small.getpixel((4, 8)), small.getpixel((12, 8))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] - left[2] > 60
    assert right[2] - right[0] > 60


@each_kind
def test_whatever_the_watch_raises_ends_it_and_leaves_nothing_behind(
    engine: Engine, recipe: Recipe, plain: Image.Image
) -> None:
    class Stopped(BaseException):
        pass

    def stop(step: int, *_: object) -> None:
        if step == 2:
            raise Stopped

    with pytest.raises(Stopped):
        engine.draw(change(recipe, noise=seed_noise(9, 4)), None, stop)
    assert same(draw(engine, recipe)[0], plain)


def test_an_unknown_sampler_is_refused(easel: Engine) -> None:
    with pytest.raises(UnknownSamplerError, match=r"`Heun`.*Euler a"):
        draw(easel, recipe_for(easel, sampler="Heun"))


def test_published_latent_statistics_are_honoured(engines: Engines, folders: Folders) -> None:
    usual = engines("sdxl")
    unusual = load(find_card("sdxl"), str(folders("sdxl")), torch.device("cpu"))
    unusual.pipe.vae.register_to_config(latents_mean=[0.0] * 4, latents_std=[1.0] * 4)
    asked = recipe_for(usual, start=start(0.5))
    assert same(draw(usual, asked)[0], draw(unusual, asked)[0])
    unusual.pipe.vae.register_to_config(latents_mean=[0.5] * 4, latents_std=[2.0] * 4)
    assert not same(draw(usual, asked)[0], draw(unusual, asked)[0])


def load_cpu(family: str, model: Path | str) -> Engine:
    return load(find_card(family), str(model), torch.device("cpu"))


def test_a_checkpoint_of_another_family_is_refused(folders: Folders) -> None:
    with pytest.raises(ModelError, match="not a Stable Diffusion XL"):
        load_cpu("sdxl", folders("sd15"))


@pytest.mark.parametrize("damage", ["model_index.json", "unet/config.json", "weights"])
def test_a_damaged_checkpoint_is_one_sentence_without_a_path(
    folders: Folders, tmp_path: Path, damage: str
) -> None:
    damaged = tmp_path / "damaged"
    copy(folders("sd15"), damaged)
    if damage == "weights":
        weights = damaged / "unet" / "diffusion_pytorch_model.safetensors"
        weights.rename(weights.with_suffix(".bin"))
    else:
        (damaged / damage).write_text("{", encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        load_cpu("sd15", damaged)
    assert str(tmp_path) not in str(caught.value)


def copy(source: Path, target: Path) -> None:
    for file in source.rglob("*"):
        if file.is_file():
            place = target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())


def test_loading_is_quiet(folders: Folders, capfd: pytest.CaptureFixture[str]) -> None:
    load_cpu("sdxl", folders("sdxl"))
    said: Any = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny decoder for previews, as published ones are laid out, for latents of four channels."""
    folder = tmp_path_factory.mktemp("taesd")
    torch.manual_seed(1)
    AutoencoderTiny(
        encoder_block_out_channels=(8,) * 4,
        decoder_block_out_channels=(8,) * 4,
        num_encoder_blocks=(1,) * 4,
        num_decoder_blocks=(1,) * 4,
        latent_channels=4,
    ).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("family", ["sd15", "z-image"])
def test_a_tiny_decoder_of_the_admins_draws_the_previews(
    family: str, folders: Folders, decoder: Path
) -> None:
    engine = load(
        find_card(family), str(folders(family)), torch.device("cpu"), preview=str(decoder)
    )
    small: list[Image.Image] = []
    engine.draw(recipe_for(engine, steps=1), None, lambda *now: small.extend(now[2]()))
    assert [picture.size for picture in small] == [(64, 64)]


def test_a_decoder_of_another_family_or_none_at_all_is_one_sentence(
    folders: Folders, decoder: Path, tmp_path: Path
) -> None:
    for family, place, said in (
        ("flux2-klein", decoder, "another family's models"),
        ("sd15", tmp_path, "AutoencoderTiny"),
    ):
        with pytest.raises(ModelError, match=said):
            load(find_card(family), str(folders(family)), torch.device("cpu"), preview=str(place))
