"""Recipes for hypothesis."""

from hypothesis import strategies as st

from generation.recipe import SEED_LIMIT, Noise, Phrase, Recipe, Start, Turn

seeds = st.integers(0, SEED_LIMIT - 1)
strengths = st.floats(0, 1)
hashes = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")

phrases = st.builds(Phrase, text=st.text(min_size=1, max_size=9), weight=st.floats(-9, 9))
turns = st.builds(Turn, seed=seeds, strength=strengths)
noises = st.builds(Noise, seed=seeds, turns=st.lists(turns, max_size=3).map(tuple))
starts = st.builds(Start, image=hashes, strength=st.floats(0.01, 1))
recipes = st.builds(
    Recipe,
    family=st.sampled_from(["easel", "sd15", "sdxl"]),
    model=st.text(max_size=9),
    prompt=st.text(max_size=9),
    parameters=st.sampled_from(["", "--ar 3:2"]),
    phrases=st.lists(phrases, max_size=3).map(tuple),
    negative=st.text(max_size=9),
    width=st.integers(1, 4096),
    height=st.integers(1, 4096),
    pictures=st.lists(noises, min_size=4, max_size=4).map(tuple),
    steps=st.integers(1, 150),
    guidance=st.floats(1, 30),
    sampler=st.sampled_from(["Euler", "DPM++ 2M Karras"]),
    start=st.none() | starts,
    upscale=st.integers(1, 4),
)
