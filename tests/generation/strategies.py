"""Recipes for hypothesis."""

from hypothesis import strategies as st

from generation.catalogue.controlnets import STRUCTURES
from generation.recipe import (
    SEED_LIMIT,
    Canvas,
    Edges,
    Ingredient,
    Noise,
    Phrase,
    Reference,
    Region,
    Sought,
    Span,
    Start,
    Structure,
    VariationNoise,
)
from tests.recipes import make

seeds = st.integers(0, SEED_LIMIT - 1)
strengths = st.floats(0, 1)
weights = st.floats(-9, 9).map(lambda weight: round(weight, 6))
"""As people write them: a number so small that half of it is 0 is none."""
hashes = st.sampled_from(["0" * 64, "ab" * 32, "f" * 64])
few = st.sampled_from([0.01, 1 / 3, 0.5])
"""Shares of which a recipe has many, that cost less to make up than any number."""


@st.composite
def marked_phrases(draw: st.DrawFn) -> Phrase:
    """Phrases with token weights and breaks."""
    text = draw(st.text(min_size=2, max_size=9))
    places = st.lists(st.integers(0, len(text)), unique=True, max_size=4)
    ends = sorted(draw(places))
    spans = tuple(
        Span(start=start, end=end, weight=draw(weights))
        for start, end in zip(ends[::2], ends[1::2], strict=False)
    )
    return Phrase(text=text, spans=spans, breaks=tuple(sorted(draw(places))))


plain_phrases = st.builds(Phrase, text=st.text(min_size=1, max_size=9), weight=weights)
phrases = plain_phrases | marked_phrases()
turns = st.builds(VariationNoise, seed=seeds, strength=strengths)
noises = st.builds(Noise, seed=seeds, variations=st.lists(turns, max_size=3).map(tuple))
starts = st.builds(Start, image=hashes, strength=st.floats(0.01, 1))
shares = st.floats(0, 3)
edges = st.builds(Edges, left=shares, right=shares, top=shares, bottom=shares)
regions = st.builds(
    Region,
    left=st.floats(0, 0.4),
    top=st.floats(0, 0.4),
    right=st.floats(0.5, 1),
    bottom=st.floats(0.5, 1),
)
canvases = st.builds(
    Canvas,
    image=hashes,
    edges=edges,
    regions=st.lists(regions, max_size=2).map(tuple),
    mask=st.just("") | hashes,
    sought=st.none()
    | st.builds(Sought, words=st.just("lamp"), finder=hashes, border=st.floats(0, 0.1)),
)
ingredients = st.builds(Ingredient, image=hashes, weight=st.floats(0.1, 9))
references = st.lists(
    st.builds(
        Reference,
        role=st.sampled_from(["style", "face", "figure", "object"]),
        images=st.lists(ingredients, min_size=1, max_size=3).map(tuple),
        scale=st.floats(0.1, 2),
    ),
    max_size=3,
    unique_by=lambda reference: reference.role,
).map(tuple)
structures = st.builds(
    Structure,
    kind=st.sampled_from(STRUCTURES),
    image=hashes,
    scale=st.floats(0.05, 2),
    end=st.floats(0.05, 1),
    shown=st.booleans(),
)
recipes = st.builds(
    make,
    family=st.sampled_from(["easel", "sd15", "sdxl"]),
    model=st.sampled_from(["easel-1", "ü"]),
    prompt=st.text(max_size=9),
    parameters=st.sampled_from(["", "--ar 3:2"]),
    phrases=st.lists(phrases, max_size=3).map(tuple),
    negative=st.text(max_size=9),
    width=st.integers(1, 4096),
    height=st.integers(1, 4096),
    noise=st.lists(noises, min_size=4, max_size=4).map(tuple),
    steps=st.integers(1, 150),
    guidance=st.floats(1, 30),
    sampler=st.sampled_from(["Euler", "DPM++ 2M Karras"]),
    start=st.none() | starts,
    upscale=st.integers(1, 4),
    canvas=st.none() | canvases,
    blend=st.lists(ingredients, max_size=3).map(tuple),
    blend_scale=few,
    references=references,
    edit=st.lists(ingredients, max_size=2).map(tuple),
    structure=st.none() | structures,
    chaos=few,
    weirdness=few,
    stop=few,
    detail=few,
    seamless=st.booleans(),
    refinement=few,
    shortened=st.booleans(),
    rescale=few,
    float8=st.booleans(),
    clip_skip=st.integers(1, 3),
)
