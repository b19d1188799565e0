import hashlib
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.card import SAMPLERS, Capability, Card
from generation.catalogue.checkpoints import choose_card
from generation.catalogue.controlnets import STRUCTURES
from generation.catalogue.extras import extend_card
from generation.catalogue.families import CARDS, find_card
from generation.controls import FACE, scale_for_image_weight, strength_for_image_weight
from generation.recipe import Ingredient, Phrase, Recipe, Start, Structure, seed_noise
from generation.styles import list_words
from prompt.errors import PromptError
from prompt.reading.grammar import Prompt, parse
from prompt.resolution.check import check, drop_unreachable
from prompt.resolution.presets import Layer, Origin, merge
from prompt.resolution.references import list_addresses
from prompt.resolution.resolve import Resolved, resolve
from prompt.resolution.suggestions import mend_suggestion
from prompt.resolution.versions import parse_versions
from tests.prompt.strategies import prompts, texts
from tests.recipes import make

EASEL = find_card("easel")
IMAGE, OTHER = "ab" * 32, "cd" * 32
LINK = "https://a.example/1.png"
NONE: Mapping[str, tuple[int, int]] = {}
UNABLE = find_card("sd15")
"""A family without image adapters."""


def resolved(
    text: str, *images: str, on: Card = EASEL, shapes: Mapping[str, tuple[int, int]] = NONE
) -> Resolved:
    prompt = parse(text)
    return resolve(
        prompt, on, model="tiny", seed=5, images=images, kept=kept(prompt), shapes=shapes
    )


def kept(prompt: Prompt) -> dict[str, str]:
    """A hash for every image that a flag links to."""
    return {address: sha256(address) for address in list_addresses(prompt.flags)}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def refused(text: str, *images: str, on: Card = EASEL) -> PromptError:
    with pytest.raises(PromptError) as caught:
        resolved(text, *images, on=on)
    return caught.value


def test_a_plain_prompt_takes_everything_from_the_card() -> None:
    assert resolved("a red apple") == Resolved(
        recipe=make(
            family="easel",
            model="tiny",
            prompt="a red apple",
            phrases=parse("a red apple").phrases,
            width=128,
            height=128,
            noise=seed_noise(5, 4),
            steps=EASEL.steps,
            guidance=EASEL.guidance,
            sampler=EASEL.sampler,
            plan=EASEL.plan,
        ),
        notes=(),
        speed="fast",
    )


def test_ratio_decides_the_size() -> None:
    recipe = resolved("apple --ar 3:2").recipe
    assert (recipe.size.width, recipe.size.height) == EASEL.size(3, 2)


def test_seed_decides_the_noise() -> None:
    assert resolved("apple --seed 0").recipe.noise == seed_noise(0, 4)


@pytest.mark.parametrize("count", [1, 4, 9])
def test_a_batch_is_that_many_seeds_in_a_row(count: int) -> None:
    assert resolved(f"apple --seed 7 --batch {count}").recipe.noise == seed_noise(7, count)


@pytest.mark.parametrize("typed", ["--batch 0", "--batch 10", "--batch few"])
def test_a_batch_is_from_1_to_9(typed: str) -> None:
    assert "a whole number from 1 to 9" in refused(f"apple {typed}").sentence


def test_no_is_negative() -> None:
    assert resolved("apple --no fog, rain").recipe.conditions.negative.text == "fog, rain"


@pytest.mark.parametrize(
    ("flags", "steps"),
    [("--steps 30", 30), ("--q 2", 24), ("--q .25", 3), ("--q 4 --steps 7", 7)],
)
def test_steps(flags: str, steps: int) -> None:
    assert resolved(f"apple {flags}").recipe.sampling.steps == steps


def test_guidance() -> None:
    assert resolved("apple --cfg 1").recipe.sampling.guidance == 1


def test_words_keep_their_weights() -> None:
    recipe = resolved("hot:: dog::2 --seed 3", on=UNABLE).recipe
    assert [(part.text, part.weight) for part in recipe.conditions.phrases] == [
        ("hot", 1),
        ("dog", 2),
    ]
    assert recipe.prompt == "hot:: dog::2"


def test_flags_are_written_in_one_spelling_without_seed_and_speed() -> None:
    recipe = resolved("apple --no fog --q .5 --relax --seed 9 —aspect 3x2").recipe
    assert recipe.parameters == "--ar 3:2 --no fog --quality 0.5"


def test_speed_is_not_the_recipes() -> None:
    slow, fast = resolved("apple --relax"), resolved("apple --fast")
    assert (slow.speed, fast.speed) == ("relax", "fast")
    assert slow.recipe == fast.recipe == resolved("apple").recipe


class TestImages:
    @pytest.mark.parametrize(
        ("flags", "strength"),
        [
            ("", strength_for_image_weight(1, EASEL.image_strengths)),
            ("--iw 2", strength_for_image_weight(2, EASEL.image_strengths)),
            ("--strength 0.4", 0.4),
            ("--strength 0.4 --iw 0", 0.4),
        ],
    )
    def test_start_the_pictures(self, flags: str, strength: float) -> None:
        recipe = resolved(f"apple {flags}", IMAGE).recipe
        assert recipe.inputs.start == Start(image=IMAGE, strength=strength)

    @pytest.mark.parametrize(
        ("family", "strength", "steps"),
        [("sdxl", 0.4, 12), ("z-image", 0.4, 4), ("sdxl", 1, 30), ("easel", 0.4, 12)],
    )
    def test_take_the_steps_that_the_strength_leaves(
        self, family: str, strength: float, steps: int
    ) -> None:
        card = find_card(family)
        recipe = resolved(f"apple --strength {strength}", IMAGE, on=card).recipe
        assert recipe.sampling.steps == card.steps
        assert recipe.steps == steps

    def test_need_no_words(self) -> None:
        assert resolved("", IMAGE).recipe.conditions.phrases == ()

    def test_are_left_out_at_weight_0(self) -> None:
        got = resolved("apple --iw 0", IMAGE)
        assert got.recipe.inputs.start is None
        assert got.notes == ("`--iw 0` leaves the image out, so only the words count.",)

    def test_at_weight_0_words_are_needed(self) -> None:
        assert "Say what to draw" in refused("--iw 0", IMAGE).sentence

    def test_are_one_at_a_time_where_the_family_cannot_blend(self) -> None:
        first, second = "https://a.example/1.png", "https://a.example/2.png"
        error = refused(f"{first} {second} apple", IMAGE, IMAGE, on=UNABLE)
        assert "keep the one you want" in error.sentence
        assert error.suggestion == f"{first} apple"

    def test_that_were_attached_cannot_be_taken_away_in_words(self) -> None:
        error = refused("https://a.example/1.png apple", IMAGE, IMAGE, on=UNABLE)
        assert error.suggestion is None

    def test_of_several_are_blended(self) -> None:
        recipe = resolved("apple --iw 2", IMAGE, OTHER).recipe
        assert recipe.inputs.start is None
        assert recipe.inputs.blend == (Ingredient(image=IMAGE), Ingredient(image=OTHER))
        assert recipe.inputs.blend_scale == scale_for_image_weight(2)

    def test_with_a_strength_none_counts_twice(self) -> None:
        recipe = resolved("apple --strength .4", IMAGE, OTHER, IMAGE).recipe
        assert recipe.inputs.start == Start(image=IMAGE, strength=0.4)
        assert recipe.inputs.blend == (Ingredient(image=OTHER),)

    def test_one_image_twice_is_one(self) -> None:
        assert resolved("apple", IMAGE, IMAGE).recipe == resolved("apple", IMAGE).recipe

    def test_are_five_at_most(self) -> None:
        images = [f"{k:064x}" for k in range(6)]
        assert "up to 5 work together" in refused("apple", *images).sentence


class TestReferences:
    def test_are_taken_by_their_weights(self) -> None:
        recipe = resolved(f"apple --sref {LINK}::2 {LINK}2 --sw 50").recipe
        (style,) = recipe.conditions.references
        assert (style.role, style.scale) == ("style", 0.5)
        assert style.images == (
            Ingredient(image=sha256(LINK), weight=2),
            Ingredient(image=sha256(f"{LINK}2")),
        )

    @pytest.mark.parametrize(
        ("flags", "family", "scales"),
        [
            (f"--cref {LINK} --cw 0", "sdxl", {"face": FACE}),
            (f"--cref {LINK}", "sdxl", {"face": FACE, "figure": FACE}),
            (f"--cref {LINK} --cw 0", "easel", {"figure": FACE / 2}),
            (f"--oref {LINK}", "easel", {"object": FACE}),
            (f"--sref {LINK} --sw 0", "easel", {}),
        ],
    )
    def test_have_their_roles(self, flags: str, family: str, scales: dict[str, float]) -> None:
        on = extend_card(find_card(family), "some/adapters")
        recipe = resolved(f"apple {flags}", on=on).recipe
        assert {one.role: one.scale for one in recipe.conditions.references} == scales

    def test_by_code_are_words_that_any_family_reads(self) -> None:
        recipe = resolved("apple --sref 7435 --sw 50", on=UNABLE).recipe
        assert recipe.conditions.phrases == (
            Phrase(text="apple", weight=0.5),
            Phrase(text=f"apple, {list_words(7435)}", weight=0.5),
        )
        assert recipe.conditions.references == ()

    def test_at_random_say_their_code(self) -> None:
        got = resolved("apple --sref random", on=UNABLE)
        (note,) = got.notes
        code = got.recipe.parameters.split()[-1]
        assert note == f"`--sref random` chose `--sref {code}`: use that to get this style again."
        again = resolved(f"apple --sref {code}", on=UNABLE)
        assert again.recipe == got.recipe
        assert again.notes == ()

    def test_at_random_differ_by_the_random_number(self) -> None:
        drawn = {
            resolve(
                parse("apple --sref random"), UNABLE, model="m", seed=seed
            ).recipe.conditions.phrases
            for seed in range(20)
        }
        assert len(drawn) == 20

    @pytest.mark.parametrize("typed", ["--sref 7435", "--sref 7435::2 random", "--sref random"])
    def test_by_code_are_left_out_where_their_words_were_not_taught(self, typed: str) -> None:
        got, plain = resolved(f"a purple turtle {typed} --sw 50"), resolved("a purple turtle")
        assert got.recipe.conditions == plain.recipe.conditions
        assert got.recipe.inputs == plain.recipe.inputs
        assert got.notes == (f"Left out `{typed}`: there is nothing like it here.",)

    def test_by_code_are_left_out_beside_an_image_that_counts(self) -> None:
        got = resolved(f"apple --sref 7435 {LINK}")
        assert [one.role for one in got.recipe.conditions.references] == ["style"]
        assert got.recipe.conditions.phrases == resolved("apple").recipe.conditions.phrases
        assert "`--sref 7435`" in got.notes[0]

    @pytest.mark.parametrize("flag", ["sref", "cref", "oref"])
    def test_are_refused_where_there_are_no_adapters(self, flag: str) -> None:
        error = refused(f"apple --{flag} {LINK}", on=UNABLE)
        assert f"say in words what `--{flag}` should bring" in error.sentence
        assert error.suggestion == "apple"

    def test_are_five_at_most(self) -> None:
        links = " ".join(f"{LINK}{k}" for k in range(6))
        assert "up to 5 work together" in refused(f"apple --sref {links}").sentence

    def test_of_a_person_have_no_codes(self) -> None:
        assert refused("apple --oref 5").sentence == "`--oref` takes image links, not `5`."

    def test_say_that_there_is_one_version(self) -> None:
        (note,) = resolved("apple --sref 7 --sv 4", on=UNABLE).notes
        assert note.startswith("`--sv` has no effect here yet: leave it out")


class TestNotes:
    @pytest.mark.parametrize(
        ("text", "note"),
        [
            ("apple --iw 2", "`--iw` has no effect without an image."),
            ("apple --strength .5", "`--strength` has no effect without an image."),
            ("apple --q 2 --steps 9", "`--steps` counts, so `--quality` has no effect."),
            ("apple --sw 300", "`--sw` has no effect without `--sref`."),
            (
                "apple --v 7",
                (
                    "`--version 7` stands for Stable Diffusion XL, which does not run here, "
                    "so Easel's bundled model draws."
                ),
            ),
            (
                "apple --niji 99",
                "`--niji 99` is not a version known here, so Easel's bundled model draws.",
            ),
            ("apple --model easel --v 7", "`--model` counts, so `--version` has no effect."),
            ("apple --relax --fast", "`--relax` counts, so `--fast` has no effect."),
            ("apple -seed 3", "Read `-seed 3` as `--seed 3`."),
            ("apple --steps 9 --draft", "`--steps` counts, so `--draft` has no effect."),
            (
                "apple --style cute",
                (
                    "`--style` has no effect here yet: "
                    "leave it out, and name the style you want in words."
                ),
            ),
            (
                f"apple --turbo --sv 4 --sref {LINK} --stealth",
                "`--turbo`, `--sv` and `--stealth` have no effect here yet.",
            ),
        ],
    )
    def test_say_what_made_no_difference(self, text: str, note: str) -> None:
        assert resolved(text).notes == (note,)

    @pytest.mark.parametrize(
        "text", ["apple --v 1", "apple --v 5.2", "apple --v", "apple --model SD15"]
    )
    def test_say_nothing_of_a_version_that_draws_here(self, text: str) -> None:
        assert resolved(text, on=find_card("sd15")).notes == ()

    def test_follow_the_table_of_versions(self) -> None:
        table = parse_versions("7=easel")
        got = resolve(parse("apple --v 7"), EASEL, model="m", seed=1, versions=table)
        assert got.notes == ()

    @pytest.mark.parametrize(
        ("text", "sampler"),
        [
            ("--sampler euler", "Euler"),
            ("--sampler Euler a", "Euler a"),
            ("--sampler dpm++_2m_karras", "DPM++ 2M Karras"),
            ("--sampler DPM++ 2M --seed 1", "DPM++ 2M"),
        ],
    )
    def test_samplers_are_known_by_any_spelling(self, text: str, sampler: str) -> None:
        assert resolved(f"apple {text}").recipe.sampling.sampler == sampler

    def test_a_word_after_a_sampler_stays_a_word(self) -> None:
        assert resolved("--sampler euler apple").recipe.prompt == "apple"

    def test_an_unknown_sampler_names_the_known(self) -> None:
        assert "`Euler a`" in refused("apple --sampler warp").sentence

    def test_a_draft_takes_half_the_steps(self) -> None:
        full, rough = resolved("apple").recipe, resolved("apple --draft").recipe
        assert rough.sampling.steps == round(full.sampling.steps / 2)

    def test_say_that_strength_counts(self) -> None:
        assert resolved("apple --strength .5 --iw 1", IMAGE).notes == (
            "`--strength` counts, so `--iw` has no effect.",
        )


class TestRefusal:
    @pytest.mark.parametrize("text", ["", "--ar 3:2", "/imagine prompt:"])
    def test_without_words(self, text: str) -> None:
        error = refused(text)
        assert error.sentence.startswith("Say what to draw")
        assert error.suggestion is None

    def test_of_a_flag_that_does_nothing_yet_says_what_to_do(self) -> None:
        error = refused("apple --video --ar 3:2")
        assert error.sentence == (
            "`--video` does nothing here yet: leave it out, since this bot draws still pictures."
        )
        assert (error.position, error.suggestion) == (6, "apple --ar 3:2")

    def test_of_a_flag_takes_the_flags_that_need_it_along(self) -> None:
        assert refused("apple --cref https://a.de/b.png --cw 0", on=UNABLE).suggestion == "apple"

    def test_of_another_model_names_the_one_that_draws(self) -> None:
        error = refused("apple --model sdxl")
        assert error.sentence == (
            "`--model sdxl` is not available here: leave it out to draw with Easel's bundled model."
        )
        assert error.suggestion == "apple"

    @pytest.mark.parametrize("flag", ["--chaos 0", "--style raw", "--raw", "--repeat 1", "--sd"])
    def test_spares_flags_that_ask_for_what_happens_anyway(self, flag: str) -> None:
        assert resolved(f"apple {flag}").notes == ()

    @pytest.mark.parametrize(
        ("typed", "nearest"), [("20:1", "4:1"), ("1:5", "1:4"), ("99999:1", "4:1")]
    )
    def test_of_a_long_ratio_names_the_longest(self, typed: str, nearest: str) -> None:
        error = refused(f"apple --ar {typed}")
        assert error.sentence == (
            f"Easel's bundled model draws from 1:4 to 4:1, not `--ar {typed}`."
        )
        assert error.suggestion == f"apple --ar {nearest}"

    @pytest.mark.parametrize(
        ("text", "capability"),
        [
            ("apple --no fog", Capability.NEGATIVE),
            ("apple --cfg 3", Capability.GUIDANCE),
            ("apple --strength .5", Capability.IMAGE_PROMPT),
            ("apple --tile", Capability.TILE),
            ("apple --hd", Capability.HD),
            ("apple --s 50", Capability.NEGATIVE),
        ],
    )
    def test_of_what_the_family_cannot_do(self, text: str, capability: Capability) -> None:
        unable = replace(EASEL, capabilities=EASEL.capabilities - {capability})
        error = refused(text, on=unable)
        assert str(capability) in error.sentence
        assert error.suggestion == "apple"

    def test_of_images_that_the_family_cannot_use(self) -> None:
        unable = replace(EASEL, capabilities=frozenset())
        error = refused("https://a.example/1.png apple", IMAGE, on=unable)
        assert "not support image prompts" in error.sentence
        assert error.suggestion == "apple"

    def test_comes_before_any_image_is_fetched(self) -> None:
        with pytest.raises(PromptError, match="only one works"):
            check(parse("apple"), UNABLE, images=2)


ACTING = (
    "ar", "seed", "iw", "no", "strength", "cfg", "steps", "quality", "draft", "fast", "relax",
    "chaos", "stylize", "weird", "stop", "tile", "raw", "exp",
)  # fmt: skip


@given(prompts(*ACTING), st.sampled_from([one for one in CARDS if one.samplers == SAMPLERS]))
def test_every_flag_that_acts_makes_a_recipe_that_json_keeps(prompt: Prompt, on: Card) -> None:
    one = replace(prompt, images=prompt.images[:1], phrases=prompt.phrases or parse("owl").phrases)
    recipe = resolve(one, on, model="m", seed=1, images=[IMAGE] * len(one.images)).recipe
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("a cat --ar 100:1 --seed -4", "a cat --ar 4:1"),
        ("a cat --foo 3 --chaos 500", "a cat --chaos 100"),
        ("a cat --foo bar", "a cat bar"),
        (
            "https://a.example/1.png https://a.example/2.png cat --foo",
            "https://a.example/1.png cat",
        ),
    ],
)
def test_what_is_suggested_can_be_drawn(text: str, suggestion: str) -> None:
    with pytest.raises(PromptError) as caught:
        parse(text)
    assert (
        mend_suggestion(caught.value, replace(EASEL, capabilities=UNABLE.capabilities)).suggestion
        == suggestion
    )
    assert mend_suggestion(caught.value, EASEL).sentences == caught.value.sentences


@given(texts)
def test_no_suggestion_is_refused_in_its_turn(text: str) -> None:
    match outcome(text):
        case PromptError() as error if (
            better := mend_suggestion(error, EASEL).suggestion
        ) is not None:
            assert isinstance(outcome(better), Resolved)


def outcome(text: str) -> Resolved | PromptError:
    try:
        prompt = parse(text)
        images = [IMAGE] * len(prompt.images)
        return resolve(prompt, EASEL, model="m", seed=1, images=images, kept=kept(prompt))
    except PromptError as error:
        return error


@given(texts)
def test_whatever_is_typed_is_drawn_or_refused_and_suggestions_lead_on(text: str) -> None:
    for _ in range(4):
        match outcome(text):
            case PromptError(suggestion=str(suggestion)) as error:
                assert suggestion != text, error.sentence
                text = suggestion
            case _:
                return
    raise AssertionError(text)


def test_what_was_decided_before_is_left_out_where_it_cannot_be_done() -> None:
    layers = [Layer(Origin.PERSON, "", "--model sdxl --steps 5"), Layer(Origin.SERVER, "a", "")]
    merged = drop_unreachable(merge(parse("a cat --no fog"), layers), EASEL, images=0)
    assert merged.prompt.flags == {"no": ("fog",), "steps": 5}
    assert merged.origins == {"no": "typed", "steps": "your preferences"}
    (note,) = merged.prompt.notes
    assert "personal preferences" in note
    assert "`--model sdxl`" in note
    check(merged.prompt, EASEL, images=0)


def test_what_is_typed_is_not_left_out() -> None:
    merged = merge(parse("a cat --model sdxl"), [Layer(Origin.PERSON, "", "--steps 5")])
    assert drop_unreachable(merged, EASEL, images=0) is merged


KLEIN = find_card("flux2-klein")


class TestEdit:
    def test_takes_linked_images_in_their_order_with_their_weights(self) -> None:
        links = ["https://a.de/z.png", "https://a.de/a.png::2"]
        recipe = resolved(f"make it night --edit {' '.join(links)}", on=KLEIN).recipe
        assert recipe.inputs.edit == (
            Ingredient(image=sha256("https://a.de/z.png")),
            Ingredient(image=sha256("https://a.de/a.png"), weight=2),
        )
        assert (recipe.inputs.start, recipe.inputs.blend) == (None, ())

    @pytest.mark.parametrize(("flags", "weight"), [("", 1), ("--iw 2", 2), ("--iw 0.5", 0.5)])
    def test_without_links_takes_the_image_prompts(self, flags: str, weight: float) -> None:
        recipe = resolved(f"make it night --edit {flags}", IMAGE, OTHER, on=KLEIN).recipe
        images = (Ingredient(image=one, weight=weight) for one in (IMAGE, OTHER))
        assert recipe.inputs.edit == tuple(images)
        assert (recipe.inputs.start, recipe.inputs.blend) == (None, ())

    def test_with_links_leaves_an_image_prompt_to_start_from(self) -> None:
        recipe = resolved("make it night --edit https://a.de/a.png", IMAGE, on=KLEIN).recipe
        assert recipe.inputs.start is not None
        assert recipe.inputs.start.image == IMAGE
        assert len(recipe.inputs.edit) == 1

    def test_of_images_left_out_is_none(self) -> None:
        assert resolved("night --edit --iw 0", IMAGE, on=KLEIN).recipe.inputs.edit == ()

    def test_says_that_a_strength_makes_no_difference(self) -> None:
        made = resolved("night --edit --strength 0.4", IMAGE, on=KLEIN)
        assert made.recipe.inputs.start is None
        assert made.notes == ("`--edit` counts, so `--strength` has no effect.",)

    @pytest.mark.parametrize(
        ("text", "images", "said"),
        [
            (
                "make it night --edit",
                (),
                (
                    "`--edit` needs an image: put its link after the flag, or at the front of the"
                    " prompt."
                ),
            ),
            ("--edit", (IMAGE,), "Say what to change, such as `make it night`."),
            ("night --edit 123", (), "`--edit` takes image links, not `123`."),
            (
                "night --edit https://a.de/1.png https://a.de/2.png --sref https://a.de/3.png",
                (IMAGE,) * 4,
                "This prompt has 7 images, and up to 5 work together: keep the best.",
            ),
        ],
    )
    def test_refuses_in_one_sentence(self, text: str, images: tuple[str, ...], said: str) -> None:
        assert refused(text, *images, on=KLEIN).sentences == (said,)

    def test_on_other_families_is_refused_with_what_to_do_instead(self) -> None:
        error = refused("night --edit https://a.de/1.png")
        assert error.sentence == (
            "Easel's bundled model does not support editing by words: instead of `--edit`, "
            "put one image "
            "link at the front of the prompt and set `--iw`."
        )
        assert error.suggestion == "night"

    def test_is_written_as_it_is_read(self) -> None:
        for text in ("night --edit", "night --edit https://a.de/1.png https://a.de/2.png::2"):
            assert " ".join(resolved(text, IMAGE, on=KLEIN).recipe.parameters.split()) == (
                text.removeprefix("night ")
            )


class TestNative:
    """A family that reads images itself has them weighted in its attention."""

    def test_several_image_prompts_count_as_their_weight_says(self) -> None:
        for flags, pull in (("", 1.0), ("--iw 2", 2.0), ("--iw 0.5", 0.5)):
            recipe = resolved(f"apple {flags}", IMAGE, OTHER, on=KLEIN).recipe
            assert len(recipe.inputs.blend) == 2
            assert recipe.inputs.blend_scale == pull

    def test_one_image_prompt_is_started_from_as_everywhere(self) -> None:
        recipe = resolved("apple --iw 2", IMAGE, on=KLEIN).recipe
        assert recipe.inputs.start == Start(image=IMAGE, strength=strength_for_image_weight(2))

    def test_a_reference_of_usual_weight_is_the_models_own(self) -> None:
        text = f"apple --sref {LINK} --oref {LINK}"
        scales = {
            one.role: one.scale for one in resolved(text, on=KLEIN).recipe.conditions.references
        }
        assert scales == {"style": 1, "object": 1}

    def test_a_person_is_a_face_or_a_figure_never_both(self) -> None:
        for weight, role, scale in ((0, "face", 1.0), (1, "figure", 0.505), (100, "figure", 1.0)):
            (one,) = resolved(
                f"apple --cref {LINK} --cw {weight}", on=KLEIN
            ).recipe.conditions.references
            assert one.role == role
            assert one.scale == pytest.approx(scale)


class TestVariants:
    """Checkpoints of a family with settings of their own."""

    def test_draw_with_their_own_numbers(self) -> None:
        recipe = resolved("apple", on=choose_card("sdxl-lightning")).recipe
        assert (recipe.family, recipe.sampling.steps, recipe.sampling.guidance) == ("sdxl", 8, 1.0)

    @pytest.mark.parametrize("flag", ["--steps 30", "--quality 2", "--draft"])
    def test_that_know_one_number_of_steps_say_so(self, flag: str) -> None:
        made = resolved(f"apple {flag}", on=choose_card("sdxl-lightning"))
        name = flag.split(maxsplit=1)[0]
        assert made.recipe.sampling.steps == 8
        assert made.notes == (f"`{name}` has no effect: SDXL-Lightning always takes 8 steps.",)

    def test_avoid_what_they_draw_badly_besides_what_is_asked(self) -> None:
        anime = choose_card("sdxl-anime")
        assert resolved("apple", on=anime).recipe.conditions.negative.text == anime.avoided
        assert (
            resolved("apple --no fog", on=anime).recipe.conditions.negative.text
            == f"fog, {anime.avoided}"
        )

    def test_are_what_niji_stands_for(self) -> None:
        for text in ("owl --niji", "owl --niji 6", "owl --model sdxl-anime", "owl --model sdxl"):
            assert resolved(text, on=choose_card("sdxl-anime")).notes == ()
        (note,) = resolved("owl --niji 6", on=find_card("sdxl")).notes
        assert note == (
            "`--niji 6` stands for Animagine XL 4.0, which does not run here, so Stable Diffusion"
            " XL draws."
        )
        refused("owl --model sdxl-anime", on=find_card("sdxl"))


class TestStructure:
    """``--control`` with the images beside it."""

    ALL = extend_card(find_card("sdxl"), "", controlnets="someone/union")

    @given(
        st.sampled_from(STRUCTURES),
        st.none() | st.decimals("0.05", 2, places=2).map(float),
        st.none() | st.decimals("0.05", 1, places=2).map(float),
    )
    def test_is_what_the_flags_say(self, kind: str, scale: float | None, end: float | None) -> None:
        text = f"apple --control {kind}"
        text += "" if scale is None else f" --cs {scale}"
        text += "" if end is None else f" --ce {end}"
        recipe = resolved(text, IMAGE, on=self.ALL).recipe
        assert recipe.conditions.structure is not None
        assert recipe.conditions.structure.kind == kind
        assert recipe.conditions.structure.image == IMAGE
        assert recipe.conditions.structure.scale == (1 if scale is None else scale)
        assert recipe.conditions.structure.end == (1 if end is None else end)
        assert (recipe.inputs.start, recipe.inputs.blend) == (None, ())
        assert resolved(f"apple {recipe.parameters}", IMAGE, on=self.ALL).recipe == recipe

    @pytest.mark.parametrize(
        ("flags", "images", "start", "blend"),
        [
            ("", [IMAGE], None, []),
            ("--strength 0.4", [IMAGE], IMAGE, []),
            ("--iw 2", [IMAGE], IMAGE, []),
            ("--iw 0", [IMAGE], None, []),
            ("", [IMAGE, OTHER], OTHER, []),
            ("--strength 0.4", [IMAGE, OTHER], OTHER, []),
            ("", [IMAGE, OTHER, "ef" * 32], None, [OTHER, "ef" * 32]),
        ],
    )
    def test_the_first_image_gives_structure_and_the_others_more(
        self, flags: str, images: list[str], start: str | None, blend: list[str]
    ) -> None:
        made = resolved(f"apple --control canny {flags}", *images)
        assert made.recipe.conditions.structure == Structure(kind="canny", image=IMAGE)
        assert (made.recipe.inputs.start and made.recipe.inputs.start.image) == start
        assert [one.image for one in made.recipe.inputs.blend] == blend
        assert made.notes == ()

    def test_without_a_kind_images_mean_what_they_did(self) -> None:
        assert resolved("apple", IMAGE).recipe.conditions.structure is None

    def test_needs_an_image(self) -> None:
        error = refused("apple --control scribble --cs 0.5")
        assert error.sentence.startswith("`--control` needs an image: attach one")
        assert error.suggestion == "apple"

    def test_needs_words(self) -> None:
        assert refused("--control scribble", IMAGE).sentence.startswith("Say what to draw")
        assert resolved("--control scribble --strength 0.5", IMAGE).recipe.inputs.start

    def test_a_kind_that_the_family_lacks_is_refused_with_those_it_has(self) -> None:
        error = refused("apple --control pose", IMAGE)
        assert error.sentence == (
            "Easel's bundled model can follow `scribble`, `lineart`, `canny` of an image, but "
            "not `--control pose`: use one of those."
        )

    @pytest.mark.parametrize("family", ["sd15", "sdxl", "flux2-klein", "z-image"])
    def test_a_family_without_it_names_what_to_use_instead(self, family: str) -> None:
        error = refused("apple --control canny --cs 2", IMAGE, on=find_card(family))
        assert "does not support structure from images" in error.sentence
        assert "set `--strength`" in error.sentence
        assert error.suggestion == "apple"

    def test_its_numbers_alone_make_no_difference_and_say_so(self) -> None:
        notes = resolved("apple --cs 0.5 --ce 0.5").notes
        assert [note.partition(" has no effect")[0] for note in notes] == ["`--cs`", "`--ce`"]

    @pytest.mark.parametrize("typed", ["--controlnet canny", "--control dept"])
    def test_a_near_miss_is_refused(self, typed: str) -> None:
        assert "--control" in refused(f"apple {typed}", IMAGE).sentence


@pytest.mark.parametrize(
    ("words", "images", "planned"),
    [
        ("a purple turtle", 0, True),
        ("eine lila Schildkröte und ein roter Apfel", 0, True),
        ("a red apple", 0, True),
        ("ein roter Apfel, Pixelkunst", 0, True),
        ("blue, pixel art", 0, False),
        ("a purple turtle --ar 3:2 --no leaf --stylize 500", 0, True),
        ("a purple turtle", 1, False),
        (f"a purple turtle --sref {LINK}", 0, True),
        (f"blue, pixel art --oref {LINK}", 0, True),
        (f"blue, pixel art --sref {LINK}", 0, False),
        (f"a purple turtle --cref {LINK} --no leaf", 0, False),
        ("a purple turtle --tile", 0, False),
        ("a purple turtle --chaos 10", 0, False),
        ("a purple turtle --weird 200", 0, False),
    ],
)
def test_what_it_draws_badly_alone_is_planned_where_words_and_references_tell_it(
    words: str, images: int, planned: bool
) -> None:
    for card in (EASEL, replace(EASEL, plan=0.0)):
        made = resolved(words, *[IMAGE] * images, on=card).recipe
        assert made.inputs.plan == (card.plan if planned else 0.0)
        assert Recipe.from_json(made.to_json()) == made
