"""What ``easel play`` keeps apart from a real installation; test_wheel.py starts it."""

import socket
from pathlib import Path

import pytest

from cli.start import describe_models, free_port, playing
from storage.settings import Settings
from tests import ports


def test_nothing_of_a_real_installation_is_played_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EASEL_DATABASE_URL", raising=False)
    real = Settings(
        data=Path("/srv/easel"), database_url="postgresql://real/one", images="s3://real", guild=1
    )
    play = playing(real, "http://127.0.0.1:1", 2)
    assert play.database == "sqlite:////srv/easel/play/easel.db"
    assert play.image_store == "/srv/easel/play/images"
    assert play.guild not in {None, 1}
    assert (play.public_url, play.page_host) == ("http://127.0.0.1:2", "127.0.0.1")


def test_a_database_named_for_the_occasion_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_DATABASE_URL", "postgresql://other/one")
    assert playing(Settings(), "http://127.0.0.1:1", 2).database == "postgresql://other/one"


def test_a_taken_port_is_told_from_a_free_one() -> None:
    port = ports.free_port()
    with socket.create_server(("127.0.0.1", port)):
        # The next ones may be taken as well.
        assert port < free_port(port) < port + 20
    assert free_port(port) == port


def test_the_notice_tells_of_every_model_that_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EASEL_MODEL", raising=False)
    said = " ".join(describe_models(Settings()))
    assert all(card in said for card in ("Easel's bundled model", "Easel 2", "EASEL_MODEL=sdxl"))
