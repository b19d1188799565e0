"""Walking through message and modal components."""

from __future__ import annotations

from collections.abc import Iterator

from playground.state.records import Body

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = (3, 5, 6, 7, 8)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = 9, 10, 11, 12, 13, 14, 17, 18
FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 19, 21, 22, 23
LINK_STYLE, PREMIUM_STYLE = 5, 6


def children(component: Body) -> list[Body]:
    """Return the components right inside one."""
    inside = list(component.get("components") or ())
    inside += [component[key] for key in ("accessory", "component") if component.get(key)]
    return inside


def walk(components: list[Body]) -> Iterator[Body]:
    """Yield components and those inside them, in document order."""
    for component in components:
        yield component
        yield from walk(children(component))


def media(components: list[Body]) -> Iterator[tuple[Body, str]]:
    """Yield every place of a media item: the object that holds it and the key it is under."""
    for component in walk(components):
        if component["type"] == THUMBNAIL:
            yield component, "media"
        elif component["type"] == FILE:
            yield component, "file"
        elif component["type"] == GALLERY:
            yield from ((item, "media") for item in component["items"])


def find(components: list[Body], custom_id: str) -> Body | None:
    """Return the component with a custom id."""
    return next((c for c in walk(components) if c.get("custom_id") == custom_id), None)


def normalised(components: list[Body], *, modal: bool = False) -> list[Body]:
    """Return a copy as Discord stores it: no nulls, defaults filled in, everything numbered."""
    copies = [_without_nulls(component) for component in components]
    for component in () if modal else walk(copies):
        component.pop("required", None)  # means something in modals only
    taken = {c["id"] for c in walk(copies) if c.get("id")}
    free = (number for number in range(1, 1 << 31) if number not in taken)
    for component in walk(copies):
        component["id"] = component.get("id") or next(free)
        component.update({**_defaults(component), **component})
    return copies


def _without_nulls(component: Body) -> Body:
    copy = {key: value for key, value in component.items() if value is not None}
    for key in ("components", "items", "options", "default_values"):
        if key in copy:
            copy[key] = [_without_nulls(entry) for entry in copy[key]]
    for key in ("accessory", "component", "media", "file", "emoji"):
        if key in copy:
            copy[key] = _without_nulls(copy[key])
    return copy


def _defaults(component: Body) -> Body:
    kind = component["type"]
    if kind in SELECTS:
        for chosen in component.get("default_values", ()):
            chosen["id"] = str(chosen["id"])  # a number may come, but ids are given out as texts
        return {"min_values": 1, "max_values": 1}
    if kind == GALLERY:
        component["items"] = [
            {"description": None, "spoiler": False, **i} for i in component["items"]
        ]
    if kind == THUMBNAIL:
        return {"description": None, "spoiler": False}
    if kind == FILE:
        return {"spoiler": False}
    if kind == SEPARATOR:
        return {"spacing": 1, "divider": True}
    if kind == CONTAINER:
        return {"accent_color": None, "spoiler": False}
    return {}
