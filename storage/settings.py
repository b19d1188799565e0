"""The table of settings: every one of the bot and the worker, in one typed class.

Values come from the environment or from a ``.env`` file in the working directory; every setting
has a default that runs. ``python -m storage.settings`` writes the ``.env.example`` of this class.
"""

import socket
import sys
import textwrap
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from faults import HostError
from storage.quotas import EXAMPLE, QuotaError, parse_quotas

PREFIX: Final = "EASEL_"
PAGE: Final = "/paint/"
"""Where the painting page is, below its public address."""
SIGN_IN: Final = "/sign-in/"
"""Where people sign in; what Discord has to know lies below it (``Settings.sign_in_back``)."""
GALLERY: Final = "/gallery/"
"""Where the gallery is."""
ADMIN: Final = "/admin/"
"""Where those look who run the bot or manage a server."""

_DATABASES: Final = ("sqlite:///", "postgresql://", "postgres://")


class SettingsError(HostError, ValueError):
    """Settings that cannot work; its text is one sentence naming the setting, never its value."""


def _named(name: str) -> Any:  # noqa: ANN401 - pydantic's own return type for Field
    return Field(default=None, validation_alias=name)


class Settings(BaseSettings):
    """What a host may decide. Immutable; secrets never show in its text form."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        # In .env.example settings without a default stand as empty.
        env_ignore_empty=True,
        # A .env file may have variables of others, such as Docker Compose's.
        extra="ignore",
        frozen=True,
        # The value of a setting may be a password.
        hide_input_in_errors=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    # Under the names that other tools use, without our prefix; the same of those for AWS.
    discord_token: SecretStr | None = _named("DISCORD_TOKEN")
    """The bot's token, from the "Bot" page of https://discord.com/developers/applications."""

    discord: str = ""
    """Base URL of a stand-in for Discord, such as http://127.0.0.1:8080. Empty: the real one."""

    client_secret: SecretStr | None = None
    """The application's client secret, from the "OAuth2" page there: people sign in to the gallery
    with Discord. It needs EASEL_PUBLIC_URL with https. Empty: no gallery."""

    guild: int | None = None
    """Id of one server: register the slash commands there only, at once. Empty: everywhere."""

    data: Path = Path("data")
    """Folder for the database, the pictures and the bundled model."""

    database_url: Annotated[str, Field(repr=False)] = ""
    """postgresql://user:password@host/name or sqlite:///file. Empty: easel.db in EASEL_DATA."""

    images: str = ""
    """Where pictures are kept: a folder, or s3://bucket/prefix. Empty: images/ in EASEL_DATA."""

    aws_access_key_id: SecretStr | None = _named("AWS_ACCESS_KEY_ID")
    """Key id for an s3:// bucket."""

    aws_secret_access_key: SecretStr | None = _named("AWS_SECRET_ACCESS_KEY")
    """Secret key for an s3:// bucket."""

    aws_region: str | None = _named("AWS_REGION")
    """Region of an s3:// bucket."""

    aws_endpoint_url: str | None = _named("AWS_ENDPOINT_URL")
    """Address of an S3-compatible service other than Amazon's."""

    least_free_mb: Annotated[int, Field(ge=0)] = 500
    """Free space, in megabytes, below which no new jobs are taken, where pictures or the database
    are kept. 0: take them until nothing more can be written."""

    model: str = ""
    """File, folder, hub id or known name (easel models) of a model. Empty: the bundled model."""

    models: str = ""
    """Further models, for --model: flux2-klein, pony=/srv/pony.safetensors, ... Empty: none."""

    family: str = ""
    """Which of the known models EASEL_MODEL is like (easel models). Empty: found from its files."""

    adapters: str = ""
    """Folder or hub id of image adapters: h94/IP-Adapter. Empty: only the bundled model's."""

    controlnets: str = ""
    """ControlNets: canny=owner/name, ..., or one for all kinds. Empty: only the bundled model's."""

    estimators: str = ""
    """Networks that estimate depth and pose: depth=owner/name, ... Empty: see docs/hosting.md."""

    finder: str = ""
    """What finds things in pictures by words: a CLIPSeg, or a Grounding DINO, or `eyes` (what
    EASEL_EYES names), and after a comma a SAM, by folder or hub id. Empty: the eye where there is
    one, else only the one thing of a drawing is found, by its colours."""

    loras: str = ""
    """LoRAs: name=folder#file or name=owner/name@revision#file, then |weight|words; ; between."""

    upscaler: str = ""
    """Upscaler's weights: folder#file or owner/name@revision#file. Empty: a resampling filter."""

    eyes: str = "auto"
    """What tells what pictures show: auto (the model that draws where it sees, else what suits the
    GPU, once it is fetched), off (the small judge alone), or a name (easel models), a folder or a
    hub id."""

    preview: str = ""
    """Tiny decoder for previews, such as madebyollin/taesdxl. Empty: the model's, else colours."""

    versions: str = ""
    """Family that draws for a version: 7=sdxl, niji 6=sdxl. Empty: see docs/flags.md."""

    device: str = "auto"
    """What the worker computes on: auto, cpu, cuda, cuda:1, mps."""

    gpus: str = "all"
    """Which of NVIDIA's GPUs `easel run` starts a worker for: all, or numbers such as 0,2. Where
    EASEL_DEVICE names one device, that one alone."""

    memory: str = "auto"
    """How models lie on a GPU: auto, resident, parked (text encoders come and go), offload (all
    parts do), 8bit, fp8 or 4bit (weights), or the GiB that they may take."""

    compile: bool = False
    """Compile models for an NVIDIA GPU: quicker drawing for minutes more at the first start; what
    is compiled is kept in EASEL_DATA."""

    exact: bool = False
    """On a GPU, have a picture alone be its quarter of the grid to the bit, at the price of four.
    Off: it is the same but for rounding. A CPU is always exact."""

    worker: str = ""
    """Name of this worker, which no other may have. Empty: the host's name and the device."""

    dead_after: Annotated[float, Field(gt=0)] = 30.0
    """Seconds without a heartbeat after which a worker's job is given to another."""

    # At 0.1 a job starts 0.13 s after it was accepted, for some hundredths of a core.
    poll: Annotated[float, Field(ge=0.01, le=5)] = 0.1
    """Seconds between checks of the job queue, for bot and worker."""

    max_upload_mb: Annotated[int, Field(gt=0)] = 20
    """Largest image a person may attach or link, in megabytes."""

    max_pixels_m: Annotated[int, Field(gt=0)] = 25
    """Largest image a person may attach or link, in millions of pixels. Two are read at once, each
    with up to 22 MB of memory for a million."""

    max_image_seconds: Annotated[float, Field(gt=0)] = 2.0
    """Seconds of a processor that reading an image may take; raise it on a slow machine."""

    open_links: bool = True
    """Fetch image links from any public host. Off: only from Discord's."""

    public_url: str = ""
    """Address at which people's browsers reach the bot's pages (painting, gallery), such as
    https://easel.example.org. Empty: no pages; Vary (Region) shows a menu of parts."""

    page_host: str = "127.0.0.1"
    """Address that these pages are served on, for a reverse proxy; 0.0.0.0 in a container."""

    page_port: Annotated[int, Field(ge=1, le=65535)] = 8766
    """Port that these pages are served on."""

    servers: str = ""
    """Ids of the servers on which pictures may be asked for, with commas between. Empty: any."""

    direct: Literal["off", "members", "on"] | None = None
    """Who may ask in direct messages: off, members (of EASEL_SERVERS), on. Empty: members where
    EASEL_SERVERS is set, else on."""

    refused_words: str = ""
    """Words and phrases that are drawn nowhere, with commas between; a star at the end of one
    stands for any ending. However they are spelled; what --no leaves out is not looked at."""

    restricted_words: str = ""
    """Words and phrases that are drawn in channels that Discord restricts to adults alone."""

    classifier: str = "auto"
    """What judges pictures before anything of them leaves a worker: auto (opennsfw where easel
    [moderation] is installed), off, opennsfw, or a folder or hub id of a ViT image classifier, such
    as AdamCodd/vit-base-nsfw-detector. Every worker needs it."""

    classifier_limit: Annotated[float, Field(gt=0, le=1)] = 0.7
    """From which of its scores on pictures are held, where not adults alone are let in."""

    strikes: Annotated[int, Field(ge=0)] = 3
    """Warnings in force after which somebody is blocked on a server for a week. 0: never."""

    strike_days: Annotated[int, Field(gt=0)] = 90
    """Days for which a warning is in force."""

    max_jobs_per_person: Annotated[int, Field(gt=0)] = 100
    """Most unfinished jobs that a server may allow a person; ten unless its /server says more."""

    max_jobs_per_day: Annotated[int, Field(ge=0)] = 0
    """Most jobs that a person may ask for in 24 hours, over all servers and direct messages; no
    server can allow more. 0: any number."""

    quotas: str = ""
    """How much a person may have over all servers in a day, a week or a month of the calendar, such
    as 50 jobs/day, 200 pictures/week, 60 fast minutes/month. Empty: no more than that."""

    most_share: Annotated[int, Field(ge=1, le=100)] = 4
    """Largest share of the GPU time that a server may give a role, beside 1 of everybody else."""

    relax_share: Annotated[float, Field(gt=0, le=1)] = 0.125
    """GPU time of relaxed jobs beside 1 of fast ones, while both wait."""

    relax_wait_minutes: Annotated[float, Field(ge=0)] = 60.0
    """Minutes after which a relaxed job's turn shall have come, however many fast ones wait."""

    overtaking_jobs: Annotated[int, Field(ge=0)] = 8
    """Most jobs that may overtake another because a worker has their model loaded. 0: none."""

    overtaking_seconds: Annotated[float, Field(ge=0)] = 120.0
    """Most GPU seconds that these may take."""

    keep_days: Annotated[int, Field(ge=0)] = 0
    """Days after which a request and its pictures are deleted here, but for favourites; a server
    can keep them for less long. 0: never."""

    privacy_url: str = ""
    """Address of your privacy policy, which /privacy shows. Empty: none."""

    sign: bool = True
    """Sign pictures that leave the bot (C2PA): made by AI, by this installation, unchanged."""

    sign_certificate: Path | None = None
    """File with a certificate that you bought, and those above it, in PEM; the signer's first.
    Empty: one of your own, which Easel makes."""

    sign_key: Path | None = None
    """File with that certificate's private key, in PEM without a password."""

    timestamps: str = ""
    """Address of a time-stamping service (RFC 3161), which is asked at every signature. Empty:
    none."""

    watermark: bool = True
    """Hide the number of their request in pictures that leave the bot; /verify reads it."""

    prompt_in_files: Literal["off", "recipe", "signed"] = "recipe"
    """Whether files of pictures tell their prompt: off, recipe (so that they can be drawn again),
    or signed (in what is signed, too)."""

    metrics_host: str = "127.0.0.1"
    """Address that metrics and health are served on; 0.0.0.0 in a container."""

    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port of the bot's /metrics, /healthz and /readyz, for Prometheus and the like. 0: none."""

    worker_metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """The same of a worker. 0: none. Several that `easel run` starts take one port each, from
    this one on."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much to log: debug, info, warning or error."""

    log_json: bool = False
    """Log one JSON object per line, for machines, instead of text for people."""

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and not url.startswith(_DATABASES):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return url

    @field_validator("discord", "public_url", "privacy_url", "timestamps")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url.rstrip("/")

    @field_validator("quotas")
    @classmethod
    def _quotas(cls, text: str) -> str:
        try:
            parse_quotas(text)
        except QuotaError:
            raise ValueError(f"must be like {EXAMPLE}") from None
        return text

    @field_validator("gpus")
    @classmethod
    def _gpu_numbers(cls, gpus: str) -> str:
        if gpus != "all" and not all(part.strip().isdecimal() for part in gpus.split(",")):
            raise ValueError("must be all, or numbers from 0 on with commas between")
        return gpus

    @field_validator("servers")
    @classmethod
    def _server_ids(cls, ids: str) -> str:
        if not all(part.strip().isdecimal() for part in ids.split(",") if ids):
            raise ValueError("must be ids of servers with commas between")
        return ids

    @model_validator(mode="after")
    def _members_of_something(self) -> Self:
        if self.direct == "members" and not self.servers:
            raise ValueError("EASEL_DIRECT=members needs EASEL_SERVERS, whose members they are")
        return self

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if (self.sign_certificate is None) != (self.sign_key is None):
            raise ValueError("EASEL_SIGN_CERTIFICATE and EASEL_SIGN_KEY need each other")
        return self

    @model_validator(mode="after")
    def _safe_sign_in(self) -> Self:
        safe = self.public_url.startswith(("https://", "http://127.0.0.1", "http://localhost"))
        # Whoever listens on the way would be signed in, too.
        if self.client_secret is not None and not safe:
            raise ValueError("EASEL_CLIENT_SECRET needs EASEL_PUBLIC_URL to begin with https://")
        return self

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, level: object) -> object:
        return level.lower() if isinstance(level, str) else level

    @property
    def database(self) -> str:
        """The database's URL: ``sqlite:///…`` or ``postgresql://…``. May hold a password."""
        if self.database_url:
            # Hosting services write postgres://, which SQLAlchemy has not read since 1.4.
            return self.database_url.replace("postgres://", "postgresql://", 1)
        # Absolute, since bot and worker may be started in different folders.
        return f"sqlite:///{(self.data / 'easel.db').resolve().as_posix()}"

    @property
    def allowed_servers(self) -> frozenset[int]:
        """Ids of the servers on which pictures may be asked for; empty for any."""
        return frozenset(int(part) for part in self.servers.split(",") if part)

    @property
    def direct_messages(self) -> Literal["off", "members", "on"]:
        """Who may ask for pictures in direct messages."""
        return self.direct or ("members" if self.servers else "on")

    @property
    def painting_page(self) -> str:
        """The painting page's public address; empty if it has none."""
        return self.public_url and self.public_url + PAGE

    @property
    def sign_in_back(self) -> str:
        """The address to which Discord sends people back who sign in."""
        return f"{self.public_url}{SIGN_IN}back"

    @property
    def image_store(self) -> str:
        """Where pictures are kept: a folder's path or an ``s3://…`` URL."""
        return self.images or str((self.data / "images").resolve())

    @property
    def executor(self) -> str:
        """The name under which this worker takes jobs; two live workers never share one."""
        # Plain cuda is the first GPU, which cuda:0 names, too.
        device = self.device.replace(":", "") if ":" in self.device else f"{self.device}0"
        return self.worker or f"{socket.gethostname()}-{device}"

    def name_worker(self, number: int) -> str:
        """The name of the worker for a machine's GPU of this number, where each has one."""
        return f"{self.worker or socket.gethostname()}-cuda{number}"


def load_settings() -> Settings:
    """Reads the environment and ``.env``.

    Raises:
        SettingsError: A value is not what its setting expects.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    # What two settings have to do with each other names both by itself.
    if not first["loc"]:
        return f"{first['msg'].removeprefix('Value error, ')}."
    name = str(first["loc"][0])
    field = Settings.model_fields.get(name)
    variable = _variable(name, field) if field else name
    reason = first["msg"].removeprefix("Value error, ")
    return f"{variable} is not usable: {reason[:1].lower()}{reason[1:]}."


def _variable(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else PREFIX + name.upper()


def example() -> str:
    """The text of ``.env.example``: every setting, what it means and its default."""
    head = "# Copy to .env and fill in what you need; every line may stay as it is.\n"
    return head + "".join(_entry(name, field) for name, field in Settings.model_fields.items())


def _entry(name: str, field: FieldInfo) -> str:
    default = "" if field.default is None else field.default
    value = str(default).lower() if isinstance(default, bool) else str(default)
    meaning = textwrap.indent(textwrap.fill(field.description or "", 96), "# ")
    return f"\n{meaning}\n{'# ' if value else ''}{_variable(name, field)}={value}\n"


if __name__ == "__main__":
    sys.stdout.write(example())
