"""Discord's rules about components, in messages and modals, that its description does not hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from playground.state import components
from playground.state.components import BUTTON, ROW, SELECTS, TEXT_INPUT
from playground.state.records import Body

LONGEST_TEXT = 4000
SCHEMES = ("http://", "https://", "discord://")
Path = tuple[str | int, ...]
Wrong = tuple[Path, str, str]
"""Where, Discord's code, and the sentence."""


def component_faults(parts: Sequence[Body]) -> list[Wrong]:
    """Return what is wrong with the components of a message or a modal."""
    return [fault for rule in COMPONENT_RULES for fault in rule(parts)]


def is_link(url: str) -> bool:
    """Return whether a text is a link of a kind that Discord takes."""
    return url.startswith(SCHEMES)


def _place(at: Path) -> Path:
    return ("components", *at)


def _places(parts: Sequence[Body], at: Path = ()) -> Iterator[tuple[Path, Body]]:
    for index, component in enumerate(parts):
        here = (*at, index)
        yield here, component
        yield from _places(component.get("components") or [], (*here, "components"))
        for key in ("accessory", "component"):
            if component.get(key):
                yield (*here, key), component[key]


def _unique(parts: Sequence[Body]) -> Iterator[Wrong]:
    for key in ("custom_id", "id"):
        seen: set[object] = set()
        for place, component in _places(parts):
            value = component.get(key)
            if value and value in seen:
                code = "COMPONENT_CUSTOM_ID_DUPLICATED" if key == "custom_id" else "DUPLICATED_ID"
                message = f"Component {key} cannot be duplicated"
                yield _place((*place, key)), code, message
            seen.add(value)


def _buttons(parts: Sequence[Body]) -> Iterator[Wrong]:
    for place, button in _places(parts):
        if button["type"] == BUTTON:
            for key, code, message in _button(button):
                yield _place((*place, key)), code, message


def _button(button: Body) -> Iterator[tuple[str, str, str]]:
    required, conflict = "BASE_TYPE_REQUIRED", "BUTTON_COMPONENT_FIELD_CONFLICT"
    style = button["style"]
    wanted = {components.LINK_STYLE: "url", components.PREMIUM_STYLE: "sku_id"}
    own = wanted.get(style, "custom_id")
    if not button.get(own):
        yield own, required, "This field is required"
    for other in ({"custom_id", "url", "sku_id"} - {own}) & button.keys():
        if button[other] is not None:
            yield other, conflict, f"A button with this style cannot have a {other}."
    if own != "sku_id" and not (button.get("label") or button.get("emoji")):
        yield "label", required, "A button has a label or an emoji."
    if own == "url" and not is_link(button.get("url") or ""):
        yield (
            "url",
            "URL_TYPE_INVALID_SCHEME",
            "Scheme must be http, https or discord.",
        )
    if (emoji := button.get("emoji")) and not _is_emoji(emoji):
        yield "emoji", "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji"


def _is_emoji(emoji: Body) -> bool:
    """An emoji of a server's own, which has an id, is unknown here."""
    return not emoji.get("id") and is_unicode_emoji(emoji.get("name") or "")


def is_unicode_emoji(text: str) -> bool:
    """Return whether a text may be a unicode emoji: short, with a sign that no keyboard has."""
    return 0 < len(text) <= 32 and any(ord(c) > 0x203B or ord(c) in (0xA9, 0xAE) for c in text)


def _rows(parts: Sequence[Body]) -> Iterator[Wrong]:
    for place, row in _places(parts):
        kinds = [child["type"] for child in row.get("components") or ()]
        alone = [kind for kind in kinds if kind in (*SELECTS, TEXT_INPUT)]
        if row["type"] == ROW and alone and len(kinds) > 1:
            code = "COMPONENT_LAYOUT_WIDTH_EXCEEDED"
            yield _place(place), code, "A select or text input takes a whole row."


def _selects(parts: Sequence[Body]) -> Iterator[Wrong]:
    for place, menu in _places(parts):
        if "options" not in menu and menu["type"] not in SELECTS:
            continue
        low, high = menu.get("min_values"), menu.get("max_values")
        options = menu.get("options") or ()
        if low is not None and low > (1 if high is None else high):
            yield _place((*place, "min_values")), "BASE_TYPE_CHOICES", "More than max_values."
        if options and (high or 1) > len(options):
            code = "SELECT_COMPONENT_MAX_VALUES_GREATER_THAN_OPTIONS"
            yield _place((*place, "max_values")), code, "More than there are options."
        repeated = [v for v, n in Counter(o.get("value") for o in options).items() if v and n > 1]
        if repeated:
            code = "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"
            yield _place((*place, "options")), code, "The specified option value is already used"
        if sum(bool(o.get("default")) for o in options) > (high or 1):
            code = "SELECT_COMPONENT_MAX_DEFAULT_VALUES"
            yield _place((*place, "options")), code, "More defaults than max_values."


def _text_inputs(parts: Sequence[Body]) -> Iterator[Wrong]:
    for place, part in _places(parts):
        if part["type"] == TEXT_INPUT:
            labelled = place[-1] == "component"
            for key, code, message in _text_input(part, labelled=labelled):
                yield _place((*place, key)), code, message


def _text_input(part: Body, *, labelled: bool) -> Iterator[tuple[str, str, str]]:
    if labelled and part.get("label"):
        yield "label", "BASE_TYPE_CHOICES", "The Label has the label."
    if not labelled and not part.get("label"):
        yield "label", "BASE_TYPE_REQUIRED", "This field is required"
    low, high = part.get("min_length") or 0, part.get("max_length") or LONGEST_TEXT
    if low > high:
        yield "min_length", "BASE_TYPE_CHOICES", "More than max_length."
    if len(part.get("value") or "") > high:
        yield "value", "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length."


COMPONENT_RULES: Sequence[Callable[[Sequence[Body]], Iterator[Wrong]]] = (
    _unique,
    _buttons,
    _rows,
    _selects,
    _text_inputs,
)
