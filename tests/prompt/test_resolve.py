from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.cards import CARDS, SAMPLERS, Capability, Card, card
from generation.controls import strength_for_image_weight
from generation.recipe import Recipe, Start, seeded
from prompt.errors import PromptError
from prompt.grammar import Prompt, parse
from prompt.resolve import Resolved, check, put_right, resolve
from prompt.versions import versions
from tests.prompt.strategies import prompts, texts

EASEL = card("easel")
IMAGE = "ab" * 32


def resolved(text: str, *images: str, on: Card = EASEL) -> Resolved:
    return resolve(parse(text), on, model="tiny", seed=5, images=images)


def refused(text: str, *images: str, on: Card = EASEL) -> PromptError:
    with pytest.raises(PromptError) as caught:
        resolved(text, *images, on=on)
    return caught.value


def test_a_plain_prompt_takes_everything_from_the_card() -> None:
    assert resolved("a red apple") == Resolved(
        recipe=Recipe(
            family="easel",
            model="tiny",
            prompt="a red apple",
            phrases=parse("a red apple").phrases,
            width=128,
            height=128,
            pictures=seeded(5, 4),
            steps=EASEL.steps,
            guidance=EASEL.guidance,
            sampler=EASEL.sampler,
        ),
        notes=(),
        speed="fast",
    )


def test_ratio_decides_the_size() -> None:
    recipe = resolved("apple --ar 3:2").recipe
    assert (recipe.width, recipe.height) == EASEL.size(3, 2)


def test_seed_decides_the_noise() -> None:
    assert resolved("apple --seed 0").recipe.pictures == seeded(0, 4)


def test_no_is_negative() -> None:
    assert resolved("apple --no fog, rain").recipe.negative == "fog, rain"


@pytest.mark.parametrize(
    ("flags", "steps"),
    [("--steps 30", 30), ("--q 2", 24), ("--q .25", 3), ("--q 4 --steps 7", 7)],
)
def test_steps(flags: str, steps: int) -> None:
    assert resolved(f"apple {flags}").recipe.steps == steps


def test_guidance() -> None:
    assert resolved("apple --cfg 1").recipe.guidance == 1


def test_words_keep_their_weights() -> None:
    recipe = resolved("hot:: dog::2 --seed 3").recipe
    assert [(part.text, part.weight) for part in recipe.phrases] == [("hot", 1), ("dog", 2)]
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
            ("", strength_for_image_weight(1)),
            ("--iw 2", strength_for_image_weight(2)),
            ("--strength 0.4", 0.4),
            ("--strength 0.4 --iw 0", 0.4),
        ],
    )
    def test_start_the_pictures(self, flags: str, strength: float) -> None:
        recipe = resolved(f"apple {flags}", IMAGE).recipe
        assert recipe.start == Start(image=IMAGE, strength=strength)

    def test_need_no_words(self) -> None:
        assert resolved("", IMAGE).recipe.phrases == ()

    def test_are_left_out_at_weight_0(self) -> None:
        got = resolved("apple --iw 0", IMAGE)
        assert got.recipe.start is None
        assert got.notes == ("`--iw 0` leaves the image out, so only the words count.",)

    def test_at_weight_0_words_are_needed(self) -> None:
        assert "Say what to draw" in refused("--iw 0", IMAGE).sentence

    def test_are_one_at_a_time(self) -> None:
        first, second = "https://a.example/1.png", "https://a.example/2.png"
        error = refused(f"{first} {second} apple", IMAGE, IMAGE)
        assert "keep the one you want" in error.sentence
        assert error.suggestion == f"{first} apple"

    def test_that_were_attached_cannot_be_taken_away_in_words(self) -> None:
        assert refused("https://a.example/1.png apple", IMAGE, IMAGE).suggestion is None


class TestNotes:
    @pytest.mark.parametrize(
        ("text", "note"),
        [
            ("apple --iw 2", "`--iw` makes no difference without an image."),
            ("apple --strength .5", "`--strength` makes no difference without an image."),
            ("apple --q 2 --steps 9", "`--steps` counts, so `--quality` makes no difference."),
            ("apple --sw 300", "`--sw` makes no difference without `--sref`."),
            (
                "apple --sref 7435 --sw 300",
                (
                    "`--sref` makes no difference here yet: describe the style in words, "
                    "or put one image link at the front of the prompt."
                ),
            ),
            (
                "apple --v 7",
                (
                    "`--version 7` stands for Stable Diffusion XL, which does not run here, "
                    "so Easel's bundled model draws."
                ),
            ),
            (
                "apple --niji 99",
                "`--niji 99` is no version known here, so Easel's bundled model draws.",
            ),
            ("apple --model easel --v 7", "`--model` counts, so `--version` makes no difference."),
            ("apple --relax --fast", "`--relax` counts, so `--fast` makes no difference."),
            ("apple -seed 3", "Read `-seed 3` as `--seed 3`."),
            ("apple --steps 9 --draft", "`--steps` counts, so `--draft` makes no difference."),
            (
                "apple --tile",
                (
                    "`--tile` makes no difference here yet: "
                    "leave it out, and ask for a seamless pattern in words."
                ),
            ),
            (
                "apple --s 250 --c 10 --w 7",
                "`--stylize`, `--chaos` and `--weird` make no difference here yet.",
            ),
        ],
    )
    def test_say_what_made_no_difference(self, text: str, note: str) -> None:
        assert resolved(text).notes == (note,)

    @pytest.mark.parametrize(
        "text", ["apple --v 1", "apple --niji", "apple --v", "apple --model SD15"]
    )
    def test_say_nothing_of_a_version_that_draws_here(self, text: str) -> None:
        assert resolved(text, on=card("sd15")).notes == ()

    def test_follow_the_table_of_versions(self) -> None:
        table = versions("7=easel")
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
        assert resolved(f"apple {text}").recipe.sampler == sampler

    def test_a_word_after_a_sampler_stays_a_word(self) -> None:
        assert resolved("--sampler euler apple").recipe.prompt == "apple"

    def test_an_unknown_sampler_names_the_known(self) -> None:
        assert "`Euler a`" in refused("apple --sampler warp").sentence

    def test_a_draft_takes_half_the_steps(self) -> None:
        full, rough = resolved("apple").recipe, resolved("apple --draft").recipe
        assert rough.steps == round(full.steps / 2)

    def test_say_that_strength_counts(self) -> None:
        assert resolved("apple --strength .5 --iw 1", IMAGE).notes == (
            "`--strength` counts, so `--iw` makes no difference.",
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

    def test_of_many_such_flags_is_one_sentence(self) -> None:
        error = refused("apple --video --cref https://a.de/b.png --oref https://a.de/c.png")
        assert error.sentence == (
            "`--video`, `--cref` and `--oref` do nothing here yet: leave them out."
        )
        assert error.suggestion == "apple"

    def test_of_a_flag_takes_the_flags_that_need_it_along(self) -> None:
        assert refused("apple --cref https://a.de/b.png --cw 0").suggestion == "apple"

    def test_of_another_model_names_the_one_that_draws(self) -> None:
        error = refused("apple --model sdxl")
        assert error.sentence == (
            "`--model sdxl` does not run here: leave it out, Easel's bundled model draws."
        )
        assert error.suggestion == "apple"

    def test_of_a_style_reference_only_where_it_is_a_picture(self) -> None:
        assert (
            "`--sref` does nothing here yet" in refused("apple --sref https://a.de/b.png").sentence
        )
        assert len(resolved("apple --sref random").notes) == 1

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
        assert "no image prompts" in error.sentence
        assert error.suggestion == "apple"

    def test_comes_before_any_image_is_fetched(self) -> None:
        with pytest.raises(PromptError, match="One image"):
            check(parse("apple"), EASEL, images=2)


ACTING = (
    "ar", "seed", "iw", "no", "strength", "cfg", "steps", "quality", "fast", "relax", "raw",
)  # fmt: skip


@given(prompts(*ACTING), st.sampled_from([one for one in CARDS if one.samplers == SAMPLERS]))
@settings(max_examples=100, deadline=None)
def test_every_flag_that_acts_makes_a_recipe_that_json_keeps(prompt: Prompt, on: Card) -> None:
    one = replace(prompt, images=prompt.images[:1], phrases=prompt.phrases or parse("owl").phrases)
    recipe = resolve(one, on, model="m", seed=1, images=[IMAGE] * len(one.images)).recipe
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("a cat --ar 100:1 --seed -4", "a cat --ar 4:1"),
        ("a cat --foo 3 --chaos 500", "a cat"),
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
    assert put_right(caught.value, EASEL).suggestion == suggestion
    assert put_right(caught.value, EASEL).sentences == caught.value.sentences


@given(texts)
@settings(max_examples=200, deadline=None)
def test_no_suggestion_is_refused_in_its_turn(text: str) -> None:
    match outcome(text):
        case PromptError() as error if (better := put_right(error, EASEL).suggestion) is not None:
            assert isinstance(outcome(better), Resolved)


def outcome(text: str) -> Resolved | PromptError:
    try:
        prompt = parse(text)
        images = [IMAGE] * len(prompt.images)
        return resolve(prompt, EASEL, model="m", seed=1, images=images)
    except PromptError as error:
        return error


@given(texts)
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_is_drawn_or_refused_and_suggestions_lead_on(text: str) -> None:
    for _ in range(4):
        match outcome(text):
            case PromptError(suggestion=str(suggestion)) as error:
                assert suggestion != text, error.sentence
                text = suggestion
            case _:
                return
    raise AssertionError(text)
