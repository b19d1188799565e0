"""The four prompts in sentences, for models that were taught on sentences.

They are written from what is known itself, not from the prompt in tags: what each value is about
decides how it is said, and nothing has to be guessed from its words.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from generation.questions.description import Aspect, Description
from prompt.describing.subject import Subject
from prompt.writing.prose import close_sentence, enumerate_words

_MEDIA: Final[Mapping[str, str]] = {
    "photo": "a photograph",
    "painting": "a painting",
    "collage": "a collage",
    "3d": "a 3D render",
    "flat": "a flat illustration",
    "line art": "a line drawing",
    "pixel art": "a piece of pixel art",
}
_PICTURE: Final = "a picture"
_LIGHTS: Final[Mapping[str, Sequence[str]]] = {
    "high key": ("It is bright throughout.", "All of it is bright."),
    "low key": ("It is dark throughout.", "All of it is dark."),
    "strong contrast": ("The contrast is strong.", "Dark and bright are far apart."),
    "soft contrast": ("The contrast is soft.", "Dark and bright are near each other."),
    "brighter left": ("It gets brighter towards the left.", "The right is darker."),
    "brighter right": ("It gets brighter towards the right.", "The left is darker."),
    "brighter top": ("It gets brighter towards the top.", "The lower part is darker."),
    "brighter bottom": ("It gets brighter towards the bottom.", "The upper part is darker."),
}
_NO_KEY: Final = ("It is neither bright nor dark throughout.", "Its brightness is medium.")
_TONES: Final = ("warm", "cool", "vivid", "muted")
_SHOTS: Final[Mapping[str, str]] = {
    "centred": "The figure stands in the centre.",
    "left": "The figure stands on the left.",
    "right": "The figure stands on the right.",
    "top": "The figure stands in the upper part.",
    "bottom": "The figure stands in the lower part.",
    "symmetrical": "The composition is symmetrical.",
}
_PLACING: Final = (
    "above", "against", "among", "at", "before", "behind", "below", "beside", "between", "by", "in",
    "inside", "next", "on", "outside", "over", "under", "within",
)  # fmt: skip
"""First words of a setting that already says how it lies to the thing."""


def write_sentences(description: Description, turn: int = 0) -> tuple[str, ...]:
    """Faithful, by the style, by light and place, and as short as it can be.

    Args:
        description: What is known, beside the prompt.
        turn: How often others were asked for: the same is said in other words.
    """
    said = _Sentences(description, turn)
    if not said.thing:
        texts = [
            (said.whole, *said.manner, *said.lit, *said.mood, *said.colours, *said.shot,
             *said.words),
            (said.made, *said.manner, *said.colours, *said.mood),
            (*said.lit, *said.shot, *said.grounds),
            ([said.made] if said.made else said.manner or said.mood or said.main)[:1],
        ]  # fmt: skip
    else:
        texts = [
            (said.whole, *said.manner, *said.light, *said.mood, *said.colours, *said.shot,
             *said.words),
            (said.made, *said.manner, *said.colours, *said.mood, *said.light,
             f"It shows {said.thing}."),
            (*said.lit, *said.mood, said.whole, *said.shot),
            (close_sentence(f"{said.medium} of {said.thing}"),),
        ]  # fmt: skip
    return tuple(" ".join(filter(None, parts)) for parts in texts)


class _Sentences:
    def __init__(self, description: Description, turn: int) -> None:
        self._known, self._turn = description, turn
        find = description.find
        self.thing = Subject.of(description).whole
        self.medium = next((_MEDIA[name] for name in find(Aspect.MEDIUM)), _PICTURE)
        self.made = "" if self.medium == _PICTURE else close_sentence(self.medium)
        self.manner = [f"Its style is {style}." for style in find(Aspect.STYLE)]
        self.words = [f'The words "{words}" can be read in it.' for words in find(Aspect.WORDS)]
        self.whole = self._write_whole()
        self.light = list(self._list_light())
        unlit = [_NO_KEY[turn % 2]] if description.is_mid_key else []
        self.lit = [*unlit, *self.light]
        self.grounds = [f"The background is plain {name}." for name in find(Aspect.GROUND)]
        self.main = [f"It is mostly {name}." for name in find(Aspect.PALETTE)[:1]]
        self.mood = [f"The mood is {name}." for name in self._list_worded(Aspect.MOOD)]
        self.shot = [_SHOTS[name] for name in self._list_named(Aspect.SHOT)]
        self.shot += [f"The framing is {name}." for name in self._list_worded(Aspect.SHOT)]
        self.colours = list(self._list_colours())

    def _write_whole(self) -> str:
        find = self._known.find
        scene = " ".join(filter(None, [self.thing, *find(Aspect.ACTION)]))
        lead = f"{self.medium} of {scene}" if scene else self.medium
        lead = f"{scene}, as {self.medium}" if scene and self._turn % 2 else lead
        places = [_place(setting) for setting in find(Aspect.SETTING)]
        places += [f"before a plain {name} background" for name in find(Aspect.GROUND)]
        # That it is a picture of something says nothing.
        if not (scene or places) and self.medium == _PICTURE:
            return ""
        return close_sentence(", ".join([lead, *places]))

    def _list_light(self) -> Iterator[str]:
        for name in self._list_named(Aspect.LIGHT):
            yield _LIGHTS[name][self._turn % 2]
        for name in self._list_worded(Aspect.LIGHT):
            yield f"It is lit by {name}." if name.endswith("light") else f"The light is {name}."

    def _list_colours(self) -> Iterator[str]:
        moods = list(self._list_named(Aspect.MOOD))
        if "colourless" in moods:
            yield "It is black and white."
            return
        tones = enumerate_words([name for name in moods if name in _TONES])
        named = enumerate_words(self._known.find(Aspect.PALETTE)[:3])
        if tones and named:
            yield f"The colours are {tones}, {named} above all."
        elif tones or named:
            yield f"The colours are {tones or named}."

    def _list_named(self, aspect: Aspect) -> Iterator[str]:
        for value in self._known.find_values(aspect):
            yield from () if value.worded else value.names

    def _list_worded(self, aspect: Aspect) -> Iterator[str]:
        for value in self._known.find_values(aspect):
            yield from value.names if value.worded else ()


def _place(setting: str) -> str:
    return setting if setting.split(maxsplit=1)[0].lower() in _PLACING else f"in {setting}"
