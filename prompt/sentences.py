"""Every sentence that the language says of a prompt, in English, with fields for what differs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Plural:
    """A sentence that depends on a number, in the two forms that English has.

    The catalogues have as many forms as their languages need, found as gettext finds them: by the
    English for one thing, and by the rule in the catalogue's head.

    Attributes:
        one: The sentence for exactly one.
        many: The sentence for any other number, none included.
        by: Name of the field that holds the number.
    """

    one: str
    many: str
    by: str = "count"

    def english(self, count: int) -> str:
        """The form that English has for a number."""
        return self.one if count == 1 else self.many


class Sentence(str):
    """A sentence that remembers what it was made of, so that it can be said in other languages.

    Attributes:
        template: The sentence with fields, as it stands in the catalogues.
        values: What its fields hold; those that are sentences themselves are said likewise.
    """

    __slots__ = ("template", "values")

    template: str | Plural
    values: dict[str, Any]

    def __new__(
        cls,
        template: str | Plural,
        /,
        **values: Any,  # noqa: ANN401 - any field
    ) -> "Sentence":
        """The sentence in English.

        Args:
            template: One of this module's sentences, or a text out of the table of flags.
            **values: The fields.
        """
        if isinstance(template, Sentence) and not values:
            return template
        text = template.english(values[template.by]) if isinstance(template, Plural) else template
        sentence = super().__new__(cls, text.format(**values) if values else text)
        sentence.template, sentence.values = template, values
        return sentence


def join(parts: Iterable[str], between: str = " ") -> Sentence:
    """Whole sentences, or the items of a list, one after the other."""
    values = {f"part{place}": part for place, part in enumerate(parts)}
    return Sentence(between.join(f"{{{name}}}" for name in values), **values)


# Of a text that cannot be read.
TOO_LONG: Final = Plural(
    "This prompt has {count} character, and up to {limit} are read; say it in fewer words.",
    "This prompt has {count} characters, and up to {limit} are read; say it in fewer words.",
)
NO_DIAL: Final = "There is nothing to compare: give one or two dials, such as {one} or {other}."
DIAL_STANDS: Final = "`{dial}` has one value alone; give two or more, with commas between them."
MANY_DIALS: Final = Plural(
    "This prompt has {count} group of choices, and a sheet has room for {limit}.",
    "This prompt has {count} groups of choices, and a sheet has room for {limit}; leave some out.",
)
MANY_CELLS: Final = Plural(
    "This makes {count} picture, and a sheet has room for {limit}; leave some values out.",
    "This makes {count} pictures, and a sheet has room for {limit}; leave some values out.",
)
REPEATED_DIALS: Final = (
    "`--repeat` has no place on a sheet, where every picture has its own; leave it out."
)
SEVERAL: Final = Plural(
    "The braces stand for {count} prompt; send it without them.",
    "The braces stand for {count} prompts; send one of them at a time.",
)
MANY_PARTS: Final = Plural(
    "This prompt has {count} mark `::`, and up to {limit} are read; use fewer parts.",
    "This prompt has {count} marks `::`, and up to {limit} are read; use fewer parts.",
)
TOO_MANY_CHOICES: Final = Plural(
    "The braces stand for more than {limit} prompt; put fewer choices in them.",
    "The braces stand for more than {limit} prompts; put fewer choices in them.",
    by="limit",
)
TOO_MANY_JOBS: Final = Plural(
    "This makes {count} job, and one request may make up to {limit}: "
    "put fewer choices in the braces, or a smaller number after `--repeat`.",
    "This makes {count} jobs, and one request may make up to {limit}: "
    "put fewer choices in the braces, or a smaller number after `--repeat`.",
)
TOO_DEEP: Final = "Braces can be nested at most {limit} deep."
DASHES_ALIKE: Final = (
    "It is unclear which dashes begin a flag; write flags at the end, such as `--ar 3:2`."
)
UNKNOWN: Final = "`--{flag}` is not a flag here; leave it out."
UNKNOWN_NEAR: Final = "`--{flag}` is not a flag; did you mean `--{near}`?"
OTHER_VALUE: Final = "`--{flag}` takes {takes}, not `{word}`."
NO_VALUE: Final = "`--{flag}` takes {takes}, but none is given."
WEIGHT_RANGE: Final = "A weight after `::` may be from -{limit} to {limit}."
WEIGHT_SUM: Final = (
    "The weights after `::` add up to {total}; make them add up to more than 0, "
    "or list what you do not want after `--no`."
)

# Of what was repaired.
READ_AS: Final = "Read `{typed}` as `{meant}`."
READ_AS_WORDS: Final = "Read “{words}” after `{typed}` as words of the prompt."
TWICE: Final = "`--{flag}` is given more than once; `{counts}` counts."
LINK_WEIGHT: Final = "An image link takes no weight after `::`; `--iw` sets it."
SCHEDULE: Final = (
    "All words of `{typed}` count from the first step: words cannot change while a picture is "
    "drawn here."
)
WILDCARD: Final = (
    "Read `{typed}` as the word itself: there are no wildcard files here. Write choices in braces, "
    "such as `{{red, green}}`."
)
EMBEDDING: Final = (
    "Left out `{typed}`: {model} knows no embedding of that name; say in words what is meant."
)
LEFT_OUT_HERE: Final = "Left out `{typed}`: there is nothing like it here."
NO_EMPHASIS: Final = (
    "{model} does not support {capability}: the words of `{typed}` count like all others."
)
MORE: Final = Plural(
    "There is {count} more like these.",
    "There are {count} more like these.",
)

# Of what cannot be drawn.
NO_WORDS: Final = "Say what to draw: a few words, such as `a red apple on a blue background`."
NOT_HERE: Final = "`--{flag}` does nothing here yet: {instead}."
NOT_ABLE: Final = "{model} does not support {capability}: leave out `--{flag}`."
NO_IMAGES: Final = "{model} does not support {capability}: use words alone."
NO_REFERENCES: Final = (
    "{model} does not support {capability}: say in words what `--{flag}` should bring, or put "
    "one image link at the front of the prompt."
)
NO_NEGATIVE: Final = (
    "{model} does not support {capability}: leave out `--{flag}`, and say in words what should "
    "be there."
)
NO_GUIDANCE: Final = (
    "{model} does not support {capability}: leave out `--{flag}`, and give words more weight "
    "with `::`."
)
NO_TILE: Final = (
    "{model} does not support {capability}: leave out `--{flag}`, and ask for a pattern in words."
)
NO_HD: Final = (
    "{model} does not support {capability}: leave out `--{flag}`, and press U1 to U4 for a "
    "larger picture."
)
NO_EDITING: Final = (
    "{model} does not support {capability}: instead of `--{flag}`, put one image link at the "
    "front of the prompt and set `--iw`."
)
EDIT_NOTHING: Final = (
    "`--{flag}` needs an image: put its link after the flag, or at the front of the prompt."
)
EDIT_WORDS: Final = "Say what to change, such as `make it night`."
NO_STRUCTURE: Final = (
    "{model} does not support {capability}: leave out `--{flag}`, and set `--strength` for how "
    "much of the image is kept."
)
OTHER_STRUCTURE: Final = (
    "{model} can follow {kinds} of an image, but not `{typed}`: use one of those."
)
CONTROL_IMAGE: Final = (
    "`--control` needs an image: attach one, or put a link to it at the front of the prompt."
)
NEEDS_IMAGE: Final = (
    "{model} redraws images: attach one, or put a link to one at the front of the prompt."
)
MANY_IMAGES: Final = Plural(
    "This prompt has {count} image, and up to {limit} work together: keep the best.",
    "This prompt has {count} images, and up to {limit} work together: keep the best.",
)
ONE_IMAGE: Final = Plural(
    "This prompt has {count} image, and only one works: keep the one you want.",
    "This prompt has {count} images, and only one works: keep the one you want.",
)
RATIO_RANGE: Final = "{model} draws from 1:{limit} to {limit}:1, not `{typed}`."
OTHER_SAMPLER: Final = "{model} draws with {samplers}, not `{typed}`: leave it out."
NO_PUSHING: Final = (
    "{model} does not support {capability}: leave out the parts with weights below 0."
)
NO_LORA: Final = "There is no LoRA `{name}` here; choose from {names}."
SERVED: Final = "Here `--{flag}` may be {names}."
OTHER_CAN: Final = "`{typed}` can draw this."
PARENT_MODEL: Final = (
    "`{typed}` does not work here: pictures made from these are drawn by {model}, as they were; "
    "use `/imagine` for another model."
)
OTHER_MODEL: Final = "`{typed}` is not available here: leave it out to draw with {model}."

# Of words that a model was not taught.
UNKNOWN_WORDS: Final = "I do not know {words}, so I draw `{drawn}`."
UNKNOWN_BESIDE_IMAGE: Final = "I do not know {words}, so only the image counts."
UNKNOWN_INSTEAD: Final = "I do not know {words}; I would draw `{drawn}`."

# Of what makes no difference.
IGNORED: Final = "`--{flag}` has no effect here yet: {instead}."
IGNORED_MANY: Final = "{flags} have no effect here yet."
ALONE: Final = "`--{flag}` has no effect without `--{partner}`."
NOT_WITH: Final = "`--{flag}` has no effect with {way}; it works with {ways}."
NO_IMAGE: Final = "`--{flag}` has no effect without an image."
IMAGE_LEFT_OUT: Final = "`--iw 0` leaves the image out, so only the words count."
OVERRULED: Final = "`--{stronger}` counts, so `--{weaker}` has no effect."
FIXED_STEPS: Final = Plural(
    "`--{flag}` has no effect: {model} always takes {steps} step.",
    "`--{flag}` has no effect: {model} always takes {steps} steps.",
    by="steps",
)
OTHER_VERSION: Final = "`{typed}` stands for {wanted}, which does not run here, so {model} draws."
NO_VERSION: Final = "`{typed}` is not a version known here, so {model} draws."
IMAGE_LONG: Final = (
    "{model} draws from 1:{limit} to {limit}:1, so the ends of the image were cut off."
)
STYLE_CODE: Final = "`--sref random` chose `{typed}`: use that to get this style again."

# Of what another program cannot say.
NOT_THERE: Final = "{program} has nothing for {parts}, so that is left out."
NEEDED_THERE: Final = "{program} needs {parts} as well, which the prompt does not say."
OTHERWISE_THERE: Final = "{program} cannot say `{typed}`; it is written as `{meant}`."
DROPPED_THERE: Final = "{program} does not know these quality tags, so they are left out: {parts}."
ADDED_THERE: Final = "Prompts for {program} usually have {parts}, so that is added."
TURNED_THERE: Final = "{program} has no `--no`, so it is said what is there instead: {parts}."
WINDOW_THERE: Final = (
    "{program} reads {limit} tokens together, and these sentences have about {count}: what is said "
    "late may count less."
)
PLAIN_THERE: Final = (
    "The sentences were put together by a template, so read them over before you use them."
)
UNSURE_THERE: Final = (
    "Some of these words may mean something else to {program}; look through them once more."
)

# Of presets and the table of versions.
ORIGIN_TYPED: Final = "typed"
ORIGIN_PRESET: Final = "preset `{name}`"
ORIGIN_PERSON: Final = "personal preferences"
ORIGIN_SERVER: Final = "the server's default `{name}`"
ORIGIN_COMMAND: Final = "the default of {name}"
PRESET_LEFT_OUT: Final = "What {layer} adds could not be read and was left out."
LAYER_BEYOND: Final = "What {layer} adds cannot be drawn here and was left out. {reason}"
PRESET_IMAGES: Final = "A preset holds words and flags; links to images belong in the prompt."
NOT_KEPT: Final = "`--{flag}` cannot be saved: leave it out here; it works with {ways}."
PRESET_EMPTY: Final = "Say what to save: words, flags such as `--ar 3:2`, or both."
PRESET_NAME: Final = (
    "A preset's name has up to 32 letters, digits, `-` or `_` and no spaces, such as `ink`."
)
PRESET_NEAR: Final = "There is no preset `{name}`; did you mean `{near}`?"
PRESET_NONE: Final = "There is no preset `{name}`; `/preset list` shows them all."
NO_ENTRY: Final = (
    "`{entry}` does not say which family draws for a version; "
    "write `7=sdxl` or `niji 6=sdxl`, with commas between."
)
NOT_A_VERSION: Final = "`{word}` is not a version; write one such as `6.1`."

# Of what a flag is, in the help.
DEFAULT: Final = "Default: {default}."
WORKS_WITH: Final = "Works with {ways}."
NEEDS: Final = "Needs a model with {capability}: {models}."
NEEDS_SOME: Final = "Some values need a model with {capability}: {models}."
THE_SAME: Final = "the same"
LEFT_OUT: Final = "Left out or refused: {flags}"

# Of the values of flags.
LINKS: Final = "image links"
FROM_TO: Final = "{shape} from {low} to {high}"
ONE_OF: Final = "one of {names}"
AND: Final = "{others} and {last}"
