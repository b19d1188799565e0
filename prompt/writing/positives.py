"""A table: what is there where something is unwanted, for programs that are told no ``--no``.

Models for prose draw what is named, so "no people" draws people; the makers of FLUX advise to say
what would be there instead. Quality talk ("bad hands, lowres") has nothing that would be: it goes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prompt.reading.emphasis import read_emphasis
from prompt.writing.quality import BLAME
from prompt.writing.roles import MADE

_PHOTOGRAPH: Final = "as a photograph"
_DRAWING: Final = "as a hand-made drawing"

TABLE: Final[Sequence[tuple[str, tuple[str, ...]]]] = (
    # Who and what is in it.
    ("deserted", ("people", "person", "humans", "human", "man", "woman", "men", "women", "crowd",
                  "crowds", "pedestrians", "figures")),
    ("one figure alone", ("multiple people", "multiple characters", "other people", "group",
                          "duplicate", "duplicates", "clones", "cloned face")),
    ("on an empty road", ("cars", "car", "vehicles", "traffic")),
    ("in wild nature", ("buildings", "building", "houses", "city", "architecture")),
    ("in an open landscape", ("trees", "tree", "forest")),
    ("on bare ground", ("grass", "plants", "vegetation")),
    ("still and quiet", ("animals", "animal", "birds", "dogs", "insects")),
    ("with an empty table", ("cutlery", "dishes", "food")),
    ("in an unfurnished room", ("furniture",)),
    ("with bare, open hands", ("gloves", "weapons", "weapon", "gun", "guns", "sword")),
    ("bareheaded", ("hat", "hats", "cap", "helmet")),
    ("with uncovered eyes", ("glasses", "sunglasses", "eyeglasses")),
    ("clean-shaven", ("beard", "moustache", "mustache", "facial hair")),
    ("barefaced", ("makeup", "make-up", "lipstick", "mask")),
    ("unadorned", ("jewelry", "jewellery", "earrings", "necklace", "tattoo", "tattoos")),
    ("fully clothed", ("nsfw", "nude", "nudity", "naked", "topless")),
    ("with closed lips", ("teeth", "open mouth")),
    ("with a calm face", ("smile", "smiling", "angry")),
    ("with eyes turned away from the viewer", ("looking at viewer",)),
    ("unharmed", ("blood", "gore", "wounds", "violence")),
    ("intact", ("cracks", "damage", "broken", "ruins", "rust")),
    # Signs and borders.
    ("with clean, unmarked surfaces", ("text", "words", "letters", "writing", "caption", "captions",
                                       "watermark", "watermarks", "signature", "logo", "logos",
                                       "username", "label", "labels", "title", "numbers",
                                       "artist name", "web address")),
    ("filling the picture to its edges", ("border", "borders", "frame", "frames", "black bars",
                                          "letterbox", "margin", "picture frame")),
    ("as one single picture", ("collage", "grid", "split screen", "multiple views", "comic",
                               "panels", "diptych")),
    # Ground and sky.
    ("on a plain white ground", ("background", "backgrounds", "detailed background", "scenery")),
    ("with little around it", ("clutter", "cluttered", "busy background", "mess", "messy",
                               "crowded", "distractions")),
    ("under a clear sky", ("clouds", "cloud", "cloudy", "overcast", "rain", "storm")),
    ("in clear air", ("fog", "mist", "haze", "smoke", "dust")),
    ("on bare, thawed ground", ("snow", "ice")),
    ("on dry ground", ("water", "puddles", "wet")),
    ("by daylight", ("night", "dark", "darkness")),
    ("at night", ("daylight", "day", "daytime")),
    ("in even, soft light", ("shadow", "shadows", "harsh shadows", "harsh light", "hard light",
                             "contrast", "high contrast")),
    ("with lively contrast", ("flat lighting", "low contrast", "dull", "flat")),
    ("in matte, even light", ("reflections", "reflection", "glare", "lens flare", "lens flares",
                              "bloom", "glow")),
    ("in well-balanced exposure", ("overexposed", "underexposed", "overexposure", "underexposure",
                                   "too dark", "too bright", "washed out")),
    ("in warm light", ("cold colors", "cold light", "cool colors")),
    ("in cool light", ("warm colors", "warm light", "sepia", "orange tint")),
    # Colour.
    ("in full colour", ("black and white", "monochrome", "grayscale", "greyscale", "b&w",
                        "desaturated")),
    ("in black and white", ("color", "colors", "colour", "colours")),
    ("in muted colours", ("oversaturated", "saturated", "saturation", "bright colors", "vivid",
                          "neon")),
    ("in natural colours", ("oversharpened", "hdr", "color cast", "overprocessed")),
    # Sharpness and shot.
    ("in sharp focus", ("blur", "blurry", "blurred", "out of focus", "motion blur", "soft focus",
                        "unfocused")),
    ("sharp from front to back", ("bokeh", "depth of field", "shallow depth of field",
                                  "blurry background")),
    ("with smooth, clean tones", ("noise", "grain", "grainy", "noisy", "film grain", "speckles")),
    ("in the middle of the picture, whole", ("cropped", "crop", "cut off", "out of frame",
                                             "off-center", "cropped head")),
    ("from near", ("wide shot", "distant", "far away")),
    ("from a distance", ("close-up", "closeup", "close up", "portrait")),
    ("at eye level", ("from above", "from below", "tilted", "dutch angle")),
    ("with straight lines", ("distortion", "fisheye", "warped", "distorted")),
    ("asymmetrical", ("symmetry", "symmetrical")),
    # Medium.
    (_PHOTOGRAPH, ("painting", "drawing", "illustration", "sketch", "cartoon", "anime",
                         "3d", "3d render", "render", "cgi", "cg", "art", "digital art", "manga")),
    (_DRAWING, ("photo", "photograph", "photorealistic", "realistic", "realism",
                                "photography")),
    ("with lifelike texture", ("plastic", "doll", "wax", "airbrushed", "smooth skin")),
    ("in simple shapes", ("details", "detailed", "complex", "intricate", "ornate", "patterns")),
    ("in soft, painted areas", ("outline", "outlines", "lineart", "line art")),
    ("new and modern", ("vintage", "old", "retro", "antique")),
    ("in an old-time setting", ("modern", "futuristic", "sci-fi")),
    ("in flat, graphic areas", ("gradient", "gradients", "shading", "texture", "textures")),
)  # fmt: skip
"""What to say, and all that it stands for."""

_POSITIVES: Final[Mapping[str, str]] = {
    unwanted: positive for positive, every in TABLE for unwanted in every
}
_HEADS: Final = ("no ", "any ", "without ", "the ", "a ", "an ")


@dataclass(frozen=True, slots=True)
class Turned:
    """Unwanted words, by what becomes of them.

    Attributes:
        positives: What is said instead, by the words.
        quality: Talk of quality that goes, and what is said already.
        left: What there is no saying for.
    """

    positives: Mapping[str, str]
    quality: tuple[str, ...]
    left: tuple[str, ...]


def turn_positive(items: Iterable[str], shown: str = "") -> Turned:
    """What is there where something is unwanted.

    Args:
        items: Unwanted words, as they stand in a prompt; their weights say nothing here.
        shown: The words that are wanted: of what the picture is made they may say already.
    """
    positives, quality, left = dict[str, str](), list[str](), list[str]()
    for word in _list_words(items):
        if (positive := _POSITIVES.get(_strip_heads(word))) is not None:
            positives[word] = positive
        elif word.lower() in BLAME:
            quality.append(word)
        else:
            left.append(word)
    media = {_PHOTOGRAPH, _DRAWING}
    if MADE.search(shown) or media <= {*positives.values()}:
        quality += [word for word, positive in positives.items() if positive in media]
        positives = {word: one for word, one in positives.items() if one not in media}
    return Turned(positives, tuple(dict.fromkeys(quality)), tuple(dict.fromkeys(left)))


def _list_words(items: Iterable[str]) -> Iterator[str]:
    for item in items:
        yield from filter(None, (part.strip() for part in read_emphasis(item).text.split(",")))


def _strip_heads(word: str) -> str:
    word = word.lower()
    for head in _HEADS:
        word = word.removeprefix(head)
    return word
