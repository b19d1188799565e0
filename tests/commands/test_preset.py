"""A file of presets is a stranger's: whatever is in it, it is read or refused in a sentence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.preset import read_file
from prompt.errors import PromptError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "data",
    [b"", b"[" * 2000, b'{"presets":' * 2000, b"[" * 200_000, b"\xff", b"nan", b'{"presets": [1]}'],
)
def test_what_is_no_file_of_presets_is_refused(data: bytes) -> None:
    with pytest.raises(PromptError, match="not a file of presets"):
        read_file(data, str)


@given(JSON)
def test_any_other_json_is_read_or_refused(body: object) -> None:
    for whole in (body, {"presets": body}):
        try:
            read = read_file(json.dumps(whole).encode(), str)
        except PromptError:
            continue
        assert all(isinstance(text, str) for text in read.values())
