"""Who sees a picture in the gallery: every kind of visitor before every kind of picture."""

from itertools import product

import pytest

from storage.gallery.rights import Sight, Subject, Viewer, may_see

OWNER, OTHER = 1, 2
HERE, ELSEWHERE = 70, 71
SEEN, UNSEEN, DIRECT = 8, 9, 10

PLACES = {
    "a channel that members see": (HERE, SEEN),
    "a channel that members do not see": (HERE, UNSEEN),
    "direct messages from a server": (HERE, DIRECT),
    "direct messages": (None, DIRECT),
}
VIEWERS = {
    "its owner": Viewer(OWNER, {HERE: Sight(True, frozenset({SEEN}))}),
    "its owner, no longer there": Viewer(OWNER),
    "a member": Viewer(OTHER, {HERE: Sight(True, frozenset({SEEN}))}),
    "a member where the gallery is closed": Viewer(OTHER, {HERE: Sight(False, frozenset({SEEN}))}),
    "a member of another server": Viewer(OTHER, {ELSEWHERE: Sight(True, frozenset({SEEN}))}),
    "a member of none": Viewer(OTHER),
    "nobody": Viewer(),
    "nobody with a link": Viewer(linked=True),
    "another with a link": Viewer(OTHER, linked=True),
}
STATES = ["shown", "private", "adult", "deleted", "held"]

OWN = {"its owner", "its owner, no longer there"}
"""Who sees whatever there is..."""

LINKED = {"nobody with a link", "another with a link"}
"""who all of that but what is for adults..."""

TOGETHER = {("a member", "a channel that members see", "shown")}
"""and what is seen by others besides."""


@pytest.mark.parametrize(("viewer", "place", "state"), [*product(VIEWERS, PLACES, STATES)])
def test_every_visitor_before_every_picture(viewer: str, place: str, state: str) -> None:
    server, channel = PLACES[place]
    given = {} if state == "shown" else {state: True}
    picture = Subject(person=OWNER, server=server, channel=channel, **given)
    gone = state in {"deleted", "held"}
    linked = viewer in LINKED and state != "adult"
    expected = not gone and (viewer in OWN or linked or (viewer, place, state) in TOGETHER)
    assert may_see(picture, VIEWERS[viewer]) is expected


@pytest.mark.parametrize("states", [*product([False, True], repeat=3)])
def test_what_is_deleted_or_held_is_seen_by_nobody_whatever_else_it_is(
    states: tuple[bool, bool, bool],
) -> None:
    private, deleted, held = states
    picture = Subject(
        person=OWNER, server=HERE, channel=SEEN, private=private, deleted=deleted, held=held
    )
    seeing = {name for name, viewer in VIEWERS.items() if may_see(picture, viewer)}
    together = set() if private else {"a member"}
    assert seeing == (set() if deleted or held else OWN | LINKED | together)
