from collections.abc import Callable
from itertools import pairwise

import pytest
from diffusers import DDIMScheduler
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.card import Card
from generation.catalogue.families import CARDS
from generation.controls import (
    FACE,
    HEAVIEST_IMAGE,
    LARGEST_IMAGE_WEIGHT,
    detail_for_exp,
    factor_for_image_weight,
    factor_for_reference_weight,
    factors_for_character_weight,
    match_flow_level,
    scale_for_image_weight,
    scale_for_object_weight,
    scale_for_style_weight,
    scales_for_character_weight,
    share_for_chaos,
    share_for_style_weight,
    steps_for_quality,
    strength_for_image_weight,
    taste_for_stylize,
    unshift_level,
    weirdness_for_weird,
)
from generation.recipe import share_of_steps

weights = st.floats(0.001, LARGEST_IMAGE_WEIGHT)


class TestStrengthForImageWeight:
    @given(weights, weights)
    def test_falls_strictly(self, one: float, other: float) -> None:
        low, high = sorted((one, other))
        if high - low > 1e-9:
            assert strength_for_image_weight(low) > strength_for_image_weight(high)

    def test_falls_almost_evenly(self) -> None:
        curve = [strength_for_image_weight(k / 4) for k in range(1, 13)]
        falls = [left - right for left, right in pairwise(curve)]
        assert max(falls) < 1.2 * min(falls)

    @pytest.mark.parametrize(
        ("weight", "strength"),
        [(0.25, 0.93), (0.5, 0.87), (1, 0.75), (1.5, 0.64), (2, 0.52), (3, 0.30)],
    )
    def test_follows_the_curve(self, weight: float, strength: float) -> None:
        assert strength_for_image_weight(weight) == pytest.approx(strength, abs=0.005)

    @pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
    @given(weights)
    def test_is_a_strength_between_the_familys_ends(self, card: Card, weight: float) -> None:
        most, least, _ = card.image_strengths
        assert 0 < least <= strength_for_image_weight(weight, card.image_strengths) < most <= 1

    @pytest.mark.parametrize("weight", [0, -1, 3.01, float("nan"), float("inf")])
    def test_refuses_other_weights(self, weight: float) -> None:
        with pytest.raises(ValueError, match="image weight"):
            strength_for_image_weight(weight)


@pytest.mark.parametrize(
    ("steps", "quality", "expected"), [(30, 1, 30), (30, 0.5, 15), (12, 4, 48), (1, 0.25, 1)]
)
def test_steps_for_quality(steps: int, quality: float, expected: int) -> None:
    assert steps_for_quality(steps, quality) == expected


@given(st.integers(1, 150), st.integers(10, 99))
def test_later_stops_take_no_fewer_steps(steps: int, stop: int) -> None:
    taken = share_of_steps(steps, stop / 100)
    assert 1 <= taken <= share_of_steps(steps, (stop + 1) / 100) <= steps
    assert taken - 1 < steps * stop / 100 + 1e-6
    assert share_of_steps(steps, 1.0) == steps


@given(st.integers(1, 150), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_stronger_second_drawing_takes_no_fewer_steps(
    steps: int, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert 1 <= share_of_steps(steps, low) <= share_of_steps(steps, high) <= steps


class TestWords:
    """How much of what is added to a person's words."""

    @pytest.mark.parametrize(
        ("curve", "top", "ends"),
        [
            (taste_for_stylize, 1000, (-0.5, 1)),
            (weirdness_for_weird, 3000, (0, 1)),
            (share_for_chaos, 100, (0, 1)),
            (detail_for_exp, 100, (0, 1)),
        ],
    )
    def test_rises_strictly_from_end_to_end(
        self, curve: Callable[[float], float], top: int, ends: tuple[float, float]
    ) -> None:
        values = [curve(k) for k in range(top + 1)]
        assert (values[0], values[-1]) == pytest.approx(ends)
        assert all(low < high for low, high in pairwise(values))
        for outside in (-1, top + 1, float("nan")):
            with pytest.raises(ValueError, match="is not from 0 to"):
                curve(outside)

    def test_defaults_add_nothing(self) -> None:
        assert taste_for_stylize(100) == 0
        assert weirdness_for_weird(0) == share_for_chaos(0) == detail_for_exp(0) == 0

    @pytest.mark.parametrize(
        ("stylize", "taste"), [(0, -0.5), (50, -0.25), (250, 0.40), (750, 0.88), (1000, 1)]
    )
    def test_taste_follows_its_curve(self, stylize: float, taste: float) -> None:
        assert taste_for_stylize(stylize) == pytest.approx(taste, abs=0.005)


class TestFlowLevel:
    @given(st.floats(0.001, 1), st.floats(0.001, 1))
    def test_rises(self, one: float, other: float) -> None:
        low, high = sorted((one, other))
        assert 0 < match_flow_level(low) <= match_flow_level(high) <= 1
        if high - low > 0.001:
            assert match_flow_level(low) < match_flow_level(high)

    def test_is_as_noisy_as_the_schedule_of_stable_diffusion(self) -> None:
        sampler = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
        for step in (1, 300, 750, 999):
            kept = float(sampler.alphas_cumprod[step - 1])
            level = match_flow_level(step / 1000)
            assert level / (1 - level) == pytest.approx(((1 - kept) / kept) ** 0.5, rel=1e-4)

    @given(st.floats(0.001, 1), st.floats(0.2, 20))
    def test_a_shift_undoes_what_unshifted_did(self, level: float, factor: float) -> None:
        before = unshift_level(level, factor)
        assert factor * before / (1 + (factor - 1) * before) == pytest.approx(level)


class TestScales:
    @given(weights, weights)
    def test_of_image_weights_rise_strictly(self, one: float, other: float) -> None:
        low, high = sorted((one, other))
        if high - low > 1e-9:
            assert 0 < scale_for_image_weight(low) < scale_for_image_weight(high) < 1.01

    @given(st.integers(0, 999))
    def test_of_style_and_object_weights_rise_strictly(self, weight: int) -> None:
        for scale in (scale_for_style_weight, scale_for_object_weight):
            assert 0 <= scale(weight) < scale(weight + 1) <= 1.6

    @given(st.integers(0, 99), st.booleans())
    def test_of_character_weights_keep_the_face(self, weight: int, faces: bool) -> None:
        face, figure = scales_for_character_weight(weight, faces=faces)
        later_face, later_figure = scales_for_character_weight(weight + 1, faces=faces)
        assert face == later_face == (FACE if faces else 0)
        assert figure < later_figure <= FACE

    def test_are_those_documented(self) -> None:
        assert [scale_for_style_weight(w) for w in (0, 50, 100, 1000)] == [0, 0.5, 1, 1.6]
        assert scale_for_image_weight(1) == 0.55
        assert scale_for_object_weight(100) == FACE
        assert scales_for_character_weight(0, faces=True) == (FACE, 0)
        assert scales_for_character_weight(100, faces=True) == (FACE, FACE)
        assert scales_for_character_weight(0, faces=False) == (0, FACE / 2)
        assert [share_for_style_weight(w) for w in (0, 50, 100, 1000)] == [0, 0.5, 1, 1]

    @pytest.mark.parametrize("weight", [-1, 1001, float("nan")])
    def test_refuse_other_weights(self, weight: float) -> None:
        for scale in (scale_for_style_weight, scale_for_object_weight, scale_for_image_weight):
            with pytest.raises(ValueError, match="weight"):
                scale(weight)
        with pytest.raises(ValueError, match="character weight"):
            scales_for_character_weight(weight, faces=True)


class TestFactors:
    @given(st.floats(0, 1000), st.floats(0, 1000))
    def test_of_references_grow_with_the_weight_up_to_the_heaviest(
        self, one: float, other: float
    ) -> None:
        low, high = sorted((one, other))
        factors = factor_for_reference_weight(low), factor_for_reference_weight(high)
        assert 0 <= factors[0] <= factors[1] <= HEAVIEST_IMAGE
        assert factors[0] < factors[1] or high - low < 1e-9

    def test_of_references_at_the_default_are_the_models_own(self) -> None:
        assert factor_for_reference_weight(100) == factor_for_image_weight(1) == 1
        assert factor_for_reference_weight(1000) == HEAVIEST_IMAGE

    @given(st.floats(0, 100))
    def test_of_a_person_are_a_face_or_a_figure(self, weight: float) -> None:
        face, figure = factors_for_character_weight(weight)
        assert (face == 0) == (weight > 0) == (figure > 0)
        assert max(face, figure) <= 1

    @pytest.mark.parametrize(
        ("factor", "wrong"),
        [
            (factor_for_reference_weight, -1),
            (factor_for_reference_weight, 1001),
            (factors_for_character_weight, 101),
            (factor_for_image_weight, 0),
            (factor_for_image_weight, 3.1),
        ],
    )
    def test_outside_the_range_are_refused(
        self, factor: Callable[[float], object], wrong: float
    ) -> None:
        with pytest.raises(ValueError, match="weight"):
            factor(wrong)
