"""A table: every flag that this bot knows, once.

The grammar, the resolver, the help and ``docs/flags.md`` read this table and nothing else. To add
a flag, add a row here and a line where it acts, in ``prompt/resolution/resolve.py``.

A row with ``instead`` is a flag that people bring along from Midjourney and that does nothing here
yet. Where the pictures make sense without it, it is left out and the person is told so; where they
would show something quite different, the prompt is refused. A value that is the row's default asks
for what happens anyway, and nothing need be said.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar, cast

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from generation.catalogue.card import SAMPLERS, Capability, Card
from generation.catalogue.controlnets import STRUCTURES
from generation.catalogue.families import CARDS, VARIANTS
from generation.catalogue.served import NAME
from generation.controls import LARGEST_IMAGE_WEIGHT, LARGEST_STYLIZE, LARGEST_WEIRD
from generation.derive import GRID
from generation.recipe import SEED_LIMIT
from prompt import sentences as said
from prompt.flags.kinds import Choice, Kind, Switch, Word
from prompt.flags.lists import Codes, Images, Items, Loras, References
from prompt.flags.numbers import Integer, Number, Pixels, Proportion, Ratio, Version
from prompt.flags.sources import COMMANDS, EVERY_SOURCE, PromptSource
from prompt.sentences import Sentence

T = TypeVar("T")


_HUNDRED: Final = 100


def _never(_: object) -> bool:
    return False


def _always(_: object) -> bool:
    return True


_FROM_WORDS: Final = EVERY_SOURCE - {PromptSource.ZOOM, PromptSource.PICTURE}
"""Of what a picture that is made from a finished one has no room for."""


def _has_link(references: tuple[str, ...]) -> bool:
    return any("://" in reference for reference in references)


@dataclass(frozen=True, kw_only=True)
class Flag(Generic[T]):
    """One flag.

    Attributes:
        name: Name without dashes; the canonical spelling.
        aliases: Other names, without dashes.
        kind: What its value is and how that is spelled.
        low: Smallest number allowed, or None.
        high: Largest number allowed, or None.
        default: The value that means the same as leaving the flag out, or None if no one value
            does.
        otherwise: What happens without it, where ``default`` cannot say it.
        native: A family's own value, which counts without the flag, or None if families have none.
        examples: Values as people write them, to choose from while typing.
        capability: What the family must be able to do for it, or None.
        requires: The values for which the family must be able to do that.
        sources: Where it makes a difference.
        partner: Name of the flag without which it makes no difference; empty for none.
        about: One line of help.
        instead: What to do instead, for a flag that does not act yet; empty for one that acts.
        works: Of a flag that does not act otherwise, the one value that does, or None.
        essential: Of a flag that does not act, the values without which the pictures would show
            something quite different.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind[T]
    low: float | None = None
    high: float | None = None
    default: T | None = None
    otherwise: str = ""
    native: Callable[[Card], T] | None = None
    examples: tuple[str, ...] = ()
    capability: Capability | None = None
    requires: Callable[[T], bool] = _always
    sources: frozenset[PromptSource] = EVERY_SOURCE
    partner: str = ""
    about: str
    instead: str = ""
    works: T | None = None
    essential: Callable[[T], bool] = _never

    @property
    def takes(self) -> Sentence:
        """What its value may be, in words."""
        if self.low is None or self.high is None:
            return Sentence(self.kind.shape)
        low, high = f"{self.low:.10g}", f"{self.high:.10g}"
        return Sentence(said.FROM_TO, shape=Sentence(self.kind.shape), low=low, high=high)

    def of(self, values: Mapping[str, Any]) -> T | None:
        """This flag's value among parsed ``values``, or None if it was not given."""
        value: T | None = values.get(self.name)
        return value

    def allows(self, value: T) -> bool:
        """Whether ``value`` is within the range."""
        if self.low is None or self.high is None:
            return True
        return self.low <= cast("float", value) <= self.high

    def acts(self, value: T) -> bool:
        """Whether ``value`` has its meaning here; if not, ``instead`` says what to do."""
        return not self.instead or value in (self.default, self.works)

    def matters(self, value: T) -> bool:
        """Whether the flag with ``value`` changes anything against leaving it out."""
        return self.acts(value) and value != self.default

    @property
    def needed_sometimes(self) -> bool:
        """Whether only some values need what the family must be able to do."""
        return self.requires is not _always

    @property
    def refused_sometimes(self) -> bool:
        """Whether some value of a flag that does not act has the prompt refused."""
        return self.essential is not _never

    def nearest(self, value: T) -> T | None:
        """The allowed value nearest to ``value``; a negative number is near to none.

        Of a share that is far too large, a percentage was meant.
        """
        if self.low is None or self.high is None:
            return value
        size = cast("float", value)
        if size < 0:
            return None
        if self.high == 1 and 2 < size <= _HUNDRED:
            size /= _HUNDRED
        return cast("T", type(size)(min(max(size, self.low), self.high)))

    def format(self, value: T) -> str:
        """The flag as it is written in a prompt."""
        return f"--{self.name} {self.kind.format(value)}".rstrip()


RATIO: Final = Flag[Ratio](
    name="ar",
    aliases=("aspect",),
    kind=Proportion(),
    otherwise="that of the image, or 1:1",
    examples=("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "4:5", "21:9"),
    sources=EVERY_SOURCE - {PromptSource.VARY, PromptSource.PICTURE},
    about="Width to height of the pictures.",
)
SEED: Final = Flag[int](
    name="seed",
    kind=Integer(),
    low=0,
    high=SEED_LIMIT - 1,
    otherwise="a random one",
    sources=COMMANDS | {PromptSource.BLEND, PromptSource.KEPT},
    about="Number that the noise is made from: the same prompt and seed give the same pictures.",
)
IMAGE_WEIGHT: Final = Flag[float](
    name="iw",
    kind=Number(),
    low=0,
    high=LARGEST_IMAGE_WEIGHT,
    default=1.0,
    examples=("0.5", "1", "1.5", "2", "3"),
    capability=Capability.IMAGE_PROMPT,
    sources=frozenset(
        {PromptSource.IMAGINE, PromptSource.VARY, PromptSource.REROLL, PromptSource.KEPT}
    ),
    about="How much of the image at the front of the prompt is kept: 3 keeps most, 0 nothing.",
)
NO: Final = Flag[tuple[str, ...]](
    name="no",
    kind=Items(),
    otherwise="nothing",
    capability=Capability.NEGATIVE,
    about="What the pictures should not show.",
)
STRENGTH: Final = Flag[float](
    name="strength",
    kind=Number(),
    low=0,
    high=1,
    otherwise="what `--iw` gives",
    examples=("0", "0.3", "0.5", "0.75", "1"),
    capability=Capability.IMAGE_PROMPT,
    sources=COMMANDS | {PromptSource.VARY, PromptSource.REROLL, PromptSource.KEPT},
    about="How much of the image is painted over, in place of `--iw`: 0 nothing, 1 all of it.",
)
GUIDANCE: Final = Flag[float](
    name="cfg",
    aliases=("guidance",),
    kind=Number(),
    low=1,
    high=30,
    otherwise="the model's own",
    native=lambda card: card.guidance,
    capability=Capability.GUIDANCE,
    about="How closely the pictures follow the words; high values look harsh.",
)
STEPS: Final = Flag[int](
    name="steps",
    kind=Integer(),
    low=1,
    high=100,
    otherwise="the model's own",
    native=lambda card: card.steps,
    about="Denoising steps: more take longer and refine more.",
)
QUALITY: Final = Flag[float](
    name="quality",
    aliases=("q",),
    kind=Number(),
    low=0.25,
    high=4,
    default=1.0,
    examples=("0.25", "0.5", "1", "2", "4"),
    about="Time spent, as a factor on the model's own number of steps.",
)
DRAFT: Final = Flag[bool](
    name="draft",
    kind=Switch(),
    about="Draw quickly and roughly, in half the steps.",
)
_SAMPLERS_ELSEWHERE: Final[Mapping[str, str]] = {
    "DPM++ 2M SDE": "DPM++ 2M SDE Karras",
    "DPM++ SDE": "DPM++ SDE Karras",
    "Euler ancestral": "Euler a",
    "dpmpp_2m_sde_gpu": "DPM++ 2M SDE Karras",
    "dpmpp_2m_sde_gpu_karras": "DPM++ 2M SDE Karras",
    "dpmpp_sde": "DPM++ SDE Karras",
    "dpmpp_sde_gpu": "DPM++ SDE Karras",
    "dpmpp_sde_k": "DPM++ SDE Karras",
    "k_dpmpp_sde": "DPM++ SDE Karras",
    "dpmpp_2m_k": "DPM++ 2M Karras",
    "dpmpp_2m_sde_k": "DPM++ 2M SDE Karras",
    "k_dpmpp_2m": "DPM++ 2M",
    "k_dpmpp_2m_karras": "DPM++ 2M Karras",
    "k_dpmpp_2m_sde": "DPM++ 2M SDE Karras",
    "k_euler": "Euler",
    "k_euler_a": "Euler a",
    "k_euler_ancestral": "Euler a",
    "uni_pc_bh2": "UniPC",
}
"""The nearest to what other programs draw with."""

SAMPLER: Final = Flag[str](
    name="sampler",
    kind=Choice(SAMPLERS, _SAMPLERS_ELSEWHERE),
    otherwise="the model's own",
    native=lambda card: card.sampler,
    examples=SAMPLERS,
    about="Method of denoising.",
)
REPEAT: Final = Flag[int](
    name="repeat",
    aliases=("r",),
    kind=Integer(),
    low=1,
    high=40,
    default=1,
    examples=("2", "3", "4", "10"),
    sources=COMMANDS,
    about="Draw the prompt several times, each with a seed of its own.",
)
BATCH: Final = Flag[int](
    name="batch",
    kind=Integer(),
    low=1,
    high=9,
    default=GRID,
    examples=("1", "2", "4", "6", "9"),
    sources=COMMANDS | {PromptSource.BLEND, PromptSource.KEPT},
    about="How many pictures are drawn at once, each with a seed of its own.",
)
PRESET: Final = Flag[str](
    name="preset",
    kind=Word(),
    otherwise="yours or the server's, if there is one",
    sources=COMMANDS,
    about="Add the words and flags saved under this name.",
)
MODEL: Final = Flag[str](
    name="model",
    kind=Choice(
        tuple(card.called for card in (*CARDS, *VARIANTS)),
        {card.title: card.called for card in (*CARDS, *VARIANTS)},
        NAME,
    ),
    otherwise="the server's",
    native=lambda card: card.called,
    examples=tuple(card.called for card in (*CARDS, *VARIANTS)),
    about="Model that draws.",
)
VERSION: Final = Flag[str](
    name="version",
    aliases=("v",),
    kind=Version(),
    otherwise="the server's model",
    about="Version of Midjourney: the model that is nearest to it draws.",
)
NIJI: Final = Flag[str](
    name="niji",
    kind=Version(),
    otherwise="the server's model",
    about="Version of Midjourney's anime model: the model that is nearest to it draws.",
)
FAST: Final = Flag[bool](
    name="fast",
    kind=Switch(),
    default=True,
    about="Take the usual place in the queue.",
)
RELAX: Final = Flag[bool](
    name="relax",
    kind=Switch(),
    about="Let everyone's fast jobs go first.",
)

STYLE: Final = Flag[tuple[str, ...]](
    name="sref",
    kind=References(),
    otherwise="only the style in the words",
    examples=("random",),
    capability=Capability.STYLE,
    requires=_has_link,
    about="Take the style from these images, or from a code: a number, or `random` for a new one.",
)
STYLE_WEIGHT: Final = Flag[int](
    name="sw",
    kind=Integer(),
    low=0,
    high=1000,
    default=100,
    partner="sref",
    about="How strong the style reference is.",
)
CHARACTER: Final = Flag[tuple[str, ...]](
    name="cref",
    kind=References(said.LINKS),
    otherwise="nobody in particular",
    capability=Capability.CHARACTER,
    about="Draw the person of these images.",
)
CHARACTER_WEIGHT: Final = Flag[int](
    name="cw",
    kind=Integer(),
    low=0,
    high=100,
    default=100,
    partner="cref",
    about="How much of the referenced person is kept: 0 is the face alone.",
)
OBJECT: Final = Flag[tuple[str, ...]](
    name="oref",
    kind=References(said.LINKS),
    otherwise="nothing in particular",
    capability=Capability.CHARACTER,
    about="Put the thing or person of this image into the picture.",
)
OBJECT_WEIGHT: Final = Flag[int](
    name="ow",
    kind=Integer(),
    low=0,
    high=1000,
    default=100,
    partner="oref",
    about="How strong the omni reference is.",
)

EDIT: Final = Flag[tuple[str, ...]](
    name="edit",
    kind=Images(),
    otherwise="pictures are drawn from scratch",
    capability=Capability.EDIT,
    sources=COMMANDS,
    about="Change these images, or those at the front of the prompt, as the words say.",
)
CONTROL: Final = Flag[str](
    name="control",
    kind=Choice(STRUCTURES),
    otherwise="nothing",
    examples=STRUCTURES,
    capability=Capability.STRUCTURE,
    sources=COMMANDS | {PromptSource.VARY, PromptSource.REROLL},
    about="Follow the strokes, the edges, the depths, the surfaces or the pose of the first image.",
)
CONTROL_SCALE: Final = Flag[float](
    name="cs",
    aliases=("controlscale",),
    kind=Number(),
    low=0.05,
    high=2,
    default=1.0,
    examples=("0.5", "0.8", "1", "1.5"),
    sources=CONTROL.sources,
    partner="control",
    about="How closely `--control` is followed: its conditioning scale.",
)
CONTROL_END: Final = Flag[float](
    name="ce",
    aliases=("controlend",),
    kind=Number(),
    low=0.05,
    high=1,
    default=1.0,
    examples=("0.4", "0.6", "0.8", "1"),
    sources=CONTROL.sources,
    partner="control",
    about="Share of the steps that `--control` applies to; after that the model is free.",
)
LORA: Final = Flag[tuple[str, ...]](
    name="lora",
    aliases=("loras",),
    kind=Loras(),
    otherwise="none",
    capability=Capability.LORA,
    about="Draw with these LoRAs, each with a weight from -2 to 2; /info lists them.",
)
WEIGHTING: Final = Flag[str](
    name="weighting",
    kind=Choice(
        ("a1111", "comfyui"),
        {"automatic1111": "a1111", "webui": "a1111", "forge": "a1111", "comfy": "comfyui"},
    ),
    default="a1111",
    examples=("a1111", "comfyui"),
    about="Whose arithmetic weighs `(words:1.3)`: AUTOMATIC1111's or ComfyUI's.",
)
CHAOS: Final = Flag[int](
    name="chaos",
    aliases=("c",),
    kind=Integer(),
    low=0,
    high=100,
    default=0,
    examples=("10", "25", "50", "100"),
    sources=_FROM_WORDS,
    about="How different the pictures of a grid are from each other.",
)
STYLIZE: Final = Flag[int](
    name="stylize",
    aliases=("s",),
    kind=Integer(),
    low=0,
    high=LARGEST_STYLIZE,
    default=100,
    examples=("0", "50", "250", "750", "1000"),
    capability=Capability.NEGATIVE,
    requires=lambda value: value < 100,
    about="How much of the bot's own taste goes into the pictures; below 100 they are plainer.",
)
WEIRD: Final = Flag[int](
    name="weird",
    aliases=("w",),
    kind=Integer(),
    low=0,
    high=LARGEST_WEIRD,
    default=0,
    examples=("250", "500", "1000", "3000"),
    sources=_FROM_WORDS,
    about="How unusual the pictures are: an odd idea is mixed into each.",
)
STOP: Final = Flag[int](
    name="stop",
    kind=Integer(),
    low=10,
    high=100,
    default=100,
    examples=("50", "70", "90"),
    about="Stop early, at this percentage, for a softer picture.",
)
TILE: Final = Flag[bool](
    name="tile",
    kind=Switch(),
    capability=Capability.TILE,
    about="Make a pattern that repeats without a seam.",
)
RAW: Final = Flag[bool](
    name="raw",
    kind=Switch(),
    about="Add less of the bot's own taste: none, or half of what `--stylize` asks for.",
)
EXP: Final = Flag[int](
    name="exp",
    kind=Integer(),
    low=0,
    high=100,
    default=0,
    examples=("10", "25", "50", "100"),
    about="How much detail and local contrast are brought out.",
)
HD: Final = Flag[bool](
    name="hd",
    kind=Switch(),
    capability=Capability.HD,
    sources=_FROM_WORDS,
    about="Draw at twice the size: each picture is drawn once more, larger.",
)
STYLE_NAME: Final = Flag[str](
    name="style",
    kind=Word(),
    works="raw",
    about="One of Midjourney's own styles; `raw` is the same as `--raw`.",
    instead="leave it out, and name the style you want in words",
)

_ACTING: Final[tuple[Flag[Any], ...]] = (
    RATIO,
    SEED,
    IMAGE_WEIGHT,
    NO,
    STRENGTH,
    GUIDANCE,
    STEPS,
    QUALITY,
    DRAFT,
    SAMPLER,
    REPEAT,
    BATCH,
    PRESET,
    MODEL,
    VERSION,
    NIJI,
    FAST,
    RELAX,
    STYLE,
    STYLE_WEIGHT,
    CHARACTER,
    CHARACTER_WEIGHT,
    OBJECT,
    OBJECT_WEIGHT,
    EDIT,
    CONTROL,
    CONTROL_SCALE,
    CONTROL_END,
    LORA,
    WEIGHTING,
)

_MIDJOURNEY: Final[tuple[Flag[Any], ...]] = (
    CHAOS,
    STYLIZE,
    WEIRD,
    STOP,
    TILE,
    Flag[int](
        name="sv",
        kind=Integer(),
        low=1,
        high=7,
        partner="sref",
        about="Version of the style reference.",
        instead="leave it out, since codes and images mean the same in every version here",
    ),
    STYLE_NAME,
    RAW,
    EXP,
    HD,
    Flag[bool](
        name="sd",
        kind=Switch(),
        default=True,
        about="Draw at the model's own size.",
    ),
    Flag[tuple[str, ...]](
        name="profile",
        aliases=("p", "personalize"),
        kind=Codes(),
        about="Draw to a person's taste.",
        instead="leave it out, and say in words what you like",
    ),
    Flag[bool](
        name="turbo",
        kind=Switch(),
        about="Draw faster at a higher price.",
        instead="leave it out, since every prompt is drawn as fast as the GPU can",
    ),
    Flag[bool](
        name="stealth",
        kind=Switch(),
        about="Hide the pictures from Midjourney's gallery.",
        instead="use a private channel, since there is no public gallery here",
    ),
    Flag[bool](
        name="public",
        kind=Switch(),
        default=True,
        about="Show the pictures to everybody who can read the channel.",
    ),
    Flag[bool](
        name="video",
        kind=Switch(),
        about="Turn the image into a film.",
        instead="leave it out, since this bot draws still pictures",
        essential=_always,
    ),
    Flag[str](
        name="motion",
        kind=Word(),
        partner="video",
        about="How much moves in a film: `low` or `high`.",
        instead="leave it out, since this bot draws still pictures",
    ),
    Flag[bool](
        name="loop",
        kind=Switch(),
        partner="video",
        about="End a film where it began.",
        instead="leave it out, since this bot draws still pictures",
    ),
    Flag[tuple[str, ...]](
        name="end",
        kind=References(said.LINKS),
        partner="video",
        about="Last image of a film.",
        instead="leave it out, since this bot draws still pictures",
        essential=_always,
    ),
    Flag[int](
        name="bs",
        kind=Integer(),
        low=1,
        high=4,
        partner="video",
        about="How many films to make.",
        instead="leave it out, since this bot draws still pictures",
    ),
    Flag[bool](
        name="preview",
        kind=Switch(),
        about="Try Midjourney's unfinished models.",
        instead="leave it out, since Midjourney's models do not run here",
    ),
    Flag[float](
        name="zoom",
        kind=Number(),
        low=1,
        high=2,
        about="Show more of the surroundings.",
        instead="leave it out, and ask for a wide view in words",
    ),
)


def _make_outdated(
    name: str, instead: str, *aliases: str, kind: Kind[Any] | None = None
) -> Flag[Any]:
    return Flag[Any](
        name=name,
        aliases=aliases,
        kind=kind or Switch(),
        about="A flag of Midjourney's first models.",
        instead=instead,
    )


_OUTDATED: Final[tuple[Flag[Any], ...]] = (
    *(
        _make_outdated(name, "leave it out, and press U1 to U4 for a larger picture")
        for name in ("uplight", "upbeta", "upanime", "hq")
    ),
    *(
        _make_outdated(name, "leave it out, since Midjourney's models do not run here")
        for name in ("test", "testp", "creative", "beta", "old", "vibe", "newclip", "nostretch")
    ),
    _make_outdated("sameseed", "use `--seed` with a number"),
    _make_outdated("width", "use `--ar` with width and height", kind=Pixels()),
    _make_outdated("height", "use `--ar` with width and height", "h", kind=Pixels()),
    *(
        _make_outdated(name, f"use `--ar {ratio}`", *aliases)
        for name, ratio, aliases in (
            ("wallpaper", "16:9", ()),
            ("sl", "3:2", ("ml", "ll")),
            ("sp", "2:3", ("mp", "lp")),
        )
    ),
)

FLAGS: Final[tuple[Flag[Any], ...]] = (*_ACTING, *_MIDJOURNEY, *_OUTDATED)
"""Every flag, in the order in which a prompt writes them."""

BY_NAME: Final[Mapping[str, Flag[Any]]] = {
    name: flag for flag in FLAGS for name in (flag.name, *flag.aliases)
}
"""Every flag by each of its names, in lower case."""

ORDER: Final[Mapping[str, int]] = {row.name: place for place, row in enumerate(FLAGS)}

_CHOICES: Final[tuple[tuple[str, ...], ...]] = (
    ("strength", "iw"),
    ("steps", "quality", "draft"),
    ("model", "version", "niji"),
    ("fast", "relax", "turbo"),
    ("style", "raw"),
    ("hd", "sd"),
    ("stealth", "public"),
)

RIVALS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(names) - {name} for names in _CHOICES for name in names
}
"""Flags that decide the same thing, by canonical name: one that is typed stands for all."""

OTHER_NAMES: Final[Mapping[str, str]] = {
    "aspectratio": "aspect",
    "batchcount": "repeat",
    "batchsize": "batch",
    "cfgscale": "cfg",
    "conditioningscale": "cs",
    "controlnet": "control",
    "controlstrength": "cs",
    "controlweight": "cs",
    "guidanceend": "ce",
    "char": "cref",
    "characterref": "cref",
    "characterreference": "cref",
    "characterweight": "cw",
    "charref": "cref",
    "checkpoint": "model",
    "count": "repeat",
    "denoise": "strength",
    "denoising": "strength",
    "denoisingstrength": "strength",
    "dimensions": "ar",
    "exclude": "no",
    "guidancescale": "guidance",
    "imageweight": "iw",
    "moodboard": "profile",
    "neg": "no",
    "negative": "no",
    "negativeprompt": "no",
    "num": "repeat",
    "numinferencesteps": "steps",
    "objectreference": "oref",
    "omniref": "oref",
    "omnireference": "oref",
    "omniweight": "ow",
    "personalise": "personalize",
    "private": "stealth",
    "ratio": "ar",
    "ref": "sref",
    "resolution": "ar",
    "samplername": "sampler",
    "samplingmethod": "sampler",
    "samplingsteps": "steps",
    "scale": "cfg",
    "scheduler": "sampler",
    "size": "ar",
    "slow": "relax",
    "styleref": "sref",
    "stylereference": "sref",
    "styleweight": "sw",
    "uhd": "hd",
    "without": "no",
    "ар": "ar",
    "宽高比": "ar",
}
"""Names that other programs have for flags of this table, as `plain_name` leaves them."""

_LIKELY: Final = tuple(
    name for row in (*_ACTING, *_MIDJOURNEY) for name in (row.name, *row.aliases) if len(name) > 1
)
"""Names that people may have meant who typed something like them."""

_LIKENESS: Final = 80
_LONGEST_NAME: Final = 40


def normalize_name(name: str) -> str:
    """A name in lower case, without what may join its words."""
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


@lru_cache(maxsize=256)
def guess_name(name: str) -> str | None:
    """The known flag name that ``name`` was probably meant to be, or None if that is open.

    One letter may be changed, left out, added or swapped with the next, or most are alike; in a
    name of up to three the first letter has to be right.
    """
    low = normalize_name(name)
    if not 1 < len(low) <= _LONGEST_NAME:
        return None
    if meant := OTHER_NAMES.get(low):
        return meant
    names = [known for known in _LIKELY if len(low) > 3 or known[0] == low[0]]
    if slip := process.extractOne(low, names, scorer=OSA.distance, score_cutoff=1):
        return slip[0]
    alike = process.extractOne(low, names, scorer=fuzz.ratio, score_cutoff=_LIKENESS)
    return None if alike is None else alike[0]
