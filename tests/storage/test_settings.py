"""Settings: where they come from, what they refuse, what they never show."""

from pathlib import Path

import pytest

from storage.settings import Settings, SettingsError, example, load_settings
from tests.storage.conftest import ROOT, settings_for

SECRETS = {
    "DISCORD_TOKEN": "token-4711",
    "EASEL_DATABASE_URL": "postgresql://me:password-4711@127.0.0.1/easel",
    "AWS_ACCESS_KEY_ID": "key-4711",
    "AWS_SECRET_ACCESS_KEY": "secret-4711",
}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working directory and an environment without settings."""
    for name, field in Settings.model_fields.items():
        monkeypatch.delenv(str(field.validation_alias or f"EASEL_{name.upper()}"), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_run(elsewhere: Path) -> None:
    settings = load_settings()
    assert settings.discord_token is None
    assert settings.database == f"sqlite:///{elsewhere}/data/easel.db"
    assert settings.image_store == str(elsewhere / "data" / "images")
    assert settings.executor.endswith("-auto0")


def test_the_environment_wins_over_the_file(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".env").write_text("EASEL_MODEL=a\nEASEL_GUILD=5\nEASEL_POLL=\nOTHER=1\n")
    monkeypatch.setenv("EASEL_MODEL", "b")
    settings = load_settings()
    assert (settings.model, settings.guild, settings.poll) == ("b", 5, 0.1)


def test_secrets_are_read_but_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.discord_token
    assert settings.discord_token.get_secret_value() == "token-4711"
    assert settings.database == SECRETS["EASEL_DATABASE_URL"]
    assert "4711" not in f"{settings!r} {settings!s} {settings}"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("EASEL_POLL", "often-4711"),
        ("EASEL_DATABASE_URL", "mysql://me:4711@host/easel"),
        ("EASEL_DISCORD", "ftp://4711"),
        ("EASEL_LOG_LEVEL", "loud-4711"),
        ("EASEL_GUILD", "my-server-4711"),
        ("EASEL_MAX_UPLOAD_MB", "-4711"),
        ("EASEL_PUBLIC_URL", "ftp://4711.example.org"),
        ("EASEL_PAGE_PORT", "471147114711"),
    ],
)
def test_a_wrong_value_is_named_but_not_repeated(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{variable} is not usable: .+[.]$") as refused:
        load_settings()
    assert "4711" not in str(refused.value)


def test_settings_are_immutable(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(settings_for(tmp_path), "poll", 1.0)  # noqa: B010 - what a type checker forbids


@pytest.mark.parametrize(
    ("device", "worker", "ending"),
    [("cuda:1", "", "-cuda1"), ("cpu", "", "-cpu0"), ("cpu", "garage", "garage")],
)
def test_a_worker_is_named_after_its_device(
    tmp_path: Path, device: str, worker: str, ending: str
) -> None:
    assert settings_for(tmp_path, device=device, worker=worker).executor.endswith(ending)


def test_both_spellings_of_postgresql_are_one(tmp_path: Path) -> None:
    assert settings_for(tmp_path, "postgres://host/postgres").database == (
        "postgresql://host/postgres"
    )


def test_the_example_is_fresh_and_changes_nothing(elsewhere: Path) -> None:
    kept = (ROOT / ".env.example").read_text()
    assert kept == example(), "write it anew: python -m storage.settings > .env.example"
    (elsewhere / ".env").write_text(kept.replace("# EASEL_", "EASEL_"))
    assert (
        load_settings().model_dump()
        == settings_for(Path("data"), poll=0.1, dead_after=30.0, watermark=True).model_dump()
    )


def test_a_certificate_without_its_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_SIGN_CERTIFICATE", "/srv/chain.pem")
    with pytest.raises(SettingsError, match="EASEL_SIGN_CERTIFICATE and EASEL_SIGN_KEY need each"):
        load_settings()
    monkeypatch.setenv("EASEL_SIGN_KEY", "/srv/key.pem")
    assert load_settings().sign_key == Path("/srv/key.pem")
