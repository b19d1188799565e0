import io

import pytest
from PIL import Image

from tests.photographs import PHOTOGRAPHS, Photograph


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda p: p.file)
def test_ships_with_the_package_and_is_what_it_says(photograph: Photograph) -> None:
    with Image.open(io.BytesIO(photograph.read())) as image:
        assert image.size == (photograph.width, photograph.height)
        image.load()
    assert photograph.licence == "CC0" or photograph.licence.startswith("public domain")
