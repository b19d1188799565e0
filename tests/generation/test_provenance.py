"""Numbers in pixels and signatures in files: what survives, what is told apart, what is kept."""

import dataclasses
import io
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from benchmarks.psnr import measure_psnr
from generation.pictures.grid import compose
from generation.pictures.metadata import encode_png, read_recipe
from generation.pictures.sealing import Seal, seal_picture
from generation.provenance import identity, stamping
from generation.provenance.convolutional import count_coded, decode, encode
from generation.provenance.identity import (
    Identity,
    IdentityError,
    make_identity,
    read_identity,
    read_trust,
)
from generation.provenance.kept import find_statements, keep_statements
from generation.provenance.manifest import COMPOSITE, Claim, Ingredient, Statement, read, sign
from generation.provenance.stamping import StampingService
from generation.provenance.watermark import LEAST_SIDE, SURE, Watermark
from generation.recipe import Phrase, seed_noise
from generation.untrusted.door import Decoder
from tests.photographs import PHOTOGRAPHS
from tests.recipes import make

NUMBER = 0xDEADBEEF
KEY = Watermark(b"k" * 32)
OURS = make_identity()
RECIPE = make(
    family="easel",
    model="tiny",
    prompt="a secret poster",
    phrases=(Phrase(text="a secret poster"),),
    width=640,
    height=640,
    noise=seed_noise(7, 1),
    steps=4,
    guidance=4.0,
    sampler="Euler",
)
CLAIM = Claim(title="easel-deadbeef", job="deadbeef", digest="ab" * 32, model="tiny")


def photographs(side: int = 640) -> list[Image.Image]:
    pictures = [Image.open(one.path).convert("RGB") for one in PHOTOGRAPHS]
    return [one.resize((side, round(side * one.height / one.width))) for one in pictures]


def poster() -> Image.Image:
    image = Image.new("RGB", (640, 640), "white")
    pen = ImageDraw.Draw(image)
    pen.ellipse((100, 100, 400, 400), fill="#d81f26")
    pen.rectangle((300, 350, 600, 500), fill="#2a6f97")
    return image


def page() -> Image.Image:
    image = Image.new("RGB", (640, 480), "white")
    pen = ImageDraw.Draw(image)
    for line in range(24):
        pen.text((20, 20 * line), "the quick brown fox jumps over the lazy dog " * 2, fill="black")
    return image


def discord(image: Image.Image) -> Image.Image:
    """Half the size and WebP at 80, as Discord shows it."""
    buffer = io.BytesIO()
    image.resize((image.width // 2, image.height // 2)).save(buffer, "WEBP", quality=80)
    return Image.open(buffer).convert("RGB")


def file_of(image: Image.Image, kind: str = "png") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind.upper())
    return buffer.getvalue()


@given(st.lists(st.booleans(), min_size=48, max_size=48), st.integers(0, 2**32 - 1))
def test_a_word_is_read_through_noise(word: list[bool], seed: int) -> None:
    coded = encode(np.array(word))
    assert len(coded) == count_coded(48)
    noise = np.random.default_rng(seed).normal(0, 0.6, len(coded)).astype(np.float32)
    assert decode((coded + noise)[None])[0].tolist() == word


@pytest.mark.parametrize(
    "image", [*photographs(), *photographs(300), poster(), page()], ids=lambda one: str(one.size)
)
def test_a_number_survives_discord_and_hardly_shows(image: Image.Image) -> None:
    marked = KEY.embed(image, NUMBER)
    assert measure_psnr(image, marked) > 34
    for seen in (marked, discord(marked)):
        found = KEY.read(seen)
        assert found
        assert found.number == NUMBER
        assert found.score >= SURE


def test_nothing_is_found_where_nothing_is_or_by_another_key() -> None:
    other = Watermark(b"o" * 32)
    for image in (*photographs(300), poster(), page()):
        assert KEY.read(image) is None
        assert other.read(KEY.embed(image, NUMBER)) is None


def test_what_was_marked_before_bears_the_newer_number() -> None:
    image = photographs()[1]
    twice = KEY.embed(KEY.embed(image, NUMBER), 7)
    found = KEY.read(discord(twice))
    assert found
    assert found.number == 7
    again = KEY.read(KEY.embed(twice, 7))
    assert again
    assert again.number == 7


def test_a_picture_cut_out_of_a_grid_bears_its_number() -> None:
    four = [one.resize((320, 320)) for one in photographs()]
    marked = KEY.embed(compose(four), NUMBER, (2, 2))
    for part in (marked, marked.crop((0, 0, 320, 320)), marked.crop((320, 320, 640, 640))):
        found = KEY.read(discord(part))
        assert found
        assert found.number == NUMBER


@pytest.mark.parametrize("size", [(LEAST_SIDE - 1, 400), (1, 1), (3, 2000)])
def test_what_is_too_small_stays_as_it_is(size: tuple[int, int]) -> None:
    image = Image.effect_noise(size, 40).convert("RGB")
    assert KEY.embed(image, NUMBER) == image
    assert KEY.read(image) is None


def test_the_places_of_a_number_never_change() -> None:
    """Pictures of earlier releases are read by later ones."""
    assert KEY._bits[:6].tolist() == [89, 195, 80, 103, 109, 64]
    assert KEY._signs[:6].tolist() == [1, -1, 1, 1, 1, 1]


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_a_signature_is_read_and_a_changed_byte_breaks_it(kind: str) -> None:
    signed = sign(file_of(photographs()[0], kind), kind, CLAIM, OURS)
    said = read(signed, kind, OURS.trust)
    assert said == Statement(
        state="ours",
        signed_here=True,
        issuer="Easel",
        generator="Easel",
        source="trainedAlgorithmicMedia",
        job="deadbeef",
        ingredients=(),
    )
    changed = bytearray(signed)
    changed[-len(signed) // 3] ^= 1
    broken = read(bytes(changed), kind, OURS.trust)
    assert broken
    assert broken.state == "broken"
    stripped = file_of(Image.open(io.BytesIO(signed)), kind)
    assert read(stripped, kind, OURS.trust) is None


def test_another_signer_is_not_us_and_a_statement_does_not_move() -> None:
    one, other = photographs()[:2]
    forged = sign(file_of(one), "png", CLAIM, make_identity())
    said = read(forged, "png", OURS.trust)
    assert said
    assert (said.state, said.signed_here) == ("other", False)
    signed, plain = sign(file_of(one), "png", CLAIM, OURS), file_of(other)
    start = signed.index(b"caBX") - 4
    length = int.from_bytes(signed[start : start + 4]) + 12
    moved = read(plain[:33] + signed[start : start + length] + plain[33:], "png", OURS.trust)
    assert moved
    assert (moved.state, moved.signed_here) == ("broken", True)


def test_the_marks_of_an_upload_stay_with_it_and_become_an_ingredient() -> None:
    upload = sign(file_of(photographs()[0], "jpeg"), "jpeg", CLAIM, make_identity("Camera"))
    with Decoder(20) as decoder:
        kept = decoder.clean(upload).png
        bare = decoder.clean(file_of(photographs()[0], "jpeg")).png
    assert find_statements(bare) is None
    found = find_statements(kept)
    assert found
    pixels, others = [np.asarray(Image.open(io.BytesIO(one))) for one in (kept, bare)]
    assert np.array_equal(pixels, others)
    made = dataclasses.replace(CLAIM, source=COMPOSITE, ingredients=[found])
    signed = sign(file_of(photographs()[1]), "png", made, OURS)
    said = read(signed, "png", OURS.trust)
    assert said
    assert (said.state, said.ingredients) == ("ours", ("upload",))
    # Whoever reads it finds who signed the upload.
    assert b"Camera" in signed


@given(st.binary(max_size=300), st.sampled_from(["png", "webp", "jpeg"]))
def test_a_strangers_bytes_say_nothing(junk: bytes, kind: str) -> None:
    assert read(junk + b"c2pa", kind) is None
    assert keep_statements(b"png", b"c2pa" + junk, kind) == b"png"
    assert find_statements(junk) is None


def test_signing_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert read(sign(file_of(poster()), "png", CLAIM, OURS), "png", OURS.trust)


def test_a_picture_leaves_without_a_stamp_where_none_is_given() -> None:
    png = encode_png(poster(), RECIPE, index=0)
    # Nobody listens there.
    seal = Seal(identity=OURS, timestamps="http://127.0.0.1:9/")
    data, _ = seal_picture(png, RECIPE, "deadbeef" * 4, 2**20, seal=seal, grid=False)
    said = read(data, "png", OURS.trust)
    assert said
    assert said.state == "ours"


def test_a_service_that_swallows_what_it_is_sent_holds_nobody_up_and_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stamping, "PATIENCE", 0.2)
    png = encode_png(poster(), RECIPE, index=0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(5.0)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        seal = Seal(identity=OURS, timestamps=address)
        for _ in range(3):
            data, _ = seal_picture(png, RECIPE, "deadbeef" * 4, 2**20, seal=seal, grid=False)
            said = read(data, "png", OURS.trust)
            assert said
            assert said.state == "ours"
        silent.accept()[0].close()
        silent.setblocking(False)
        # Asked once, and not again for the others.
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_service_is_asked_again_after_a_rest() -> None:
    now = [0.0]
    service = StampingService(clock=lambda: now[0])

    def fail() -> bytes:
        raise OSError("refused")

    with pytest.raises(OSError, match="refused"):
        service.use(fail)
    with pytest.raises(stamping.StampingError):
        service.use(lambda: b"signed")
    now[0] = stamping.REST
    assert service.use(lambda: b"signed") == b"signed"


@pytest.mark.parametrize(
    ("prompts", "told", "signed", "limit"),
    [
        ("off", False, False, 2**20),
        ("recipe", True, False, 2**20),
        ("signed", True, True, 2**20),
        ("signed", True, True, 60_000),
    ],
)
def test_the_prompt_is_told_where_the_host_wants(
    prompts: str, told: bool, signed: bool, limit: int
) -> None:
    png = encode_png(photographs(400)[0], RECIPE, index=0)
    seal = Seal(identity=OURS, watermark=KEY, prompts=prompts)  # type: ignore[arg-type]
    data, kind = seal_picture(png, RECIPE, "deadbeef" * 4, limit, seal=seal, grid=False)
    assert len(data) <= limit
    assert (kind == "png") == (limit == 2**20)
    assert (read_recipe(data) is not None) == told
    assert (b"secret poster" in data) == told
    bare = seal_picture(
        png,
        RECIPE,
        "deadbeef" * 4,
        limit,
        seal=dataclasses.replace(seal, identity=None),
        grid=False,
    )[0]
    assert (data.count(b"secret poster") > bare.count(b"secret poster")) == signed
    said = read(data, kind, OURS.trust)
    assert said
    assert said.state == "ours"
    found = KEY.read(Image.open(io.BytesIO(data)).convert("RGB"))
    assert found
    assert found.number == NUMBER


def test_without_marks_the_stored_bytes_leave() -> None:
    png = encode_png(poster(), RECIPE, index=0)
    assert seal_picture(png, RECIPE, "a" * 32, 2**20, seal=Seal(), grid=False) == (png, "png")


def test_an_identity_is_kept_as_text_and_never_shown() -> None:
    kept = Identity.from_json(OURS.to_json())
    assert kept == OURS
    assert "PRIVATE" in OURS.key
    assert "PRIVATE" not in repr(OURS)
    assert OURS.certificate.not_valid_after_utc > datetime(2045, 1, 1, tzinfo=UTC)


def test_a_bought_certificate_signs_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    bought = make_identity("Somebody Ltd")
    chain, key, other = (tmp_path / name for name in ("chain.pem", "key.pem", "other.pem"))
    chain.write_text(bought.chain, encoding="ascii")
    key.write_text(bought.key, encoding="ascii")
    other.write_text(OURS.key, encoding="ascii")
    said = read(
        sign(file_of(poster()), "png", CLAIM, read_identity(chain, key)), "png", bought.trust
    )
    assert said
    assert (said.state, said.issuer) == ("ours", "Somebody Ltd")
    for wrong in ((chain, other), (key, key), (chain, chain), (tmp_path / "none", key)):
        with pytest.raises(IdentityError) as error:
            read_identity(*wrong)
        assert str(tmp_path) not in str(error.value)


def test_a_certificate_that_is_over_signs_no_more_and_still_tells_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "VALID", timedelta(hours=-1))
    over = make_identity("Somebody Ltd")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_text(over.chain, encoding="ascii")
    key.write_text(over.key, encoding="ascii")
    with pytest.raises(IdentityError, match="is over"):
        read_identity(chain, key)
    assert read_trust(chain) == over.trust


def test_large_statements_are_named_alone() -> None:
    png = encode_png(poster(), RECIPE, index=0)
    large = Ingredient(label="upload-1", title="upload", packed=bytes(2**18))
    data, _ = seal_picture(
        png, RECIPE, "a" * 32, 2**19, seal=Seal(identity=OURS), grid=False, ingredients=[large]
    )
    said = read(data, "png", OURS.trust)
    assert said
    assert said.ingredients == ("upload",)
