"""Choice: which of several models draws a prompt where nobody named one."""

from collections.abc import Callable
from itertools import chain

from generation.catalogue.card import Card
from generation.catalogue.served import Models, ServedModel, choose_usual, find_named
from prompt.reading.grammar import Prompt
from prompt.resolution.check import find_problems
from prompt.resolution.versions import Versions, find_wanted


def choose_for(
    prompt: Prompt,
    models: Models,
    table: Versions,
    *,
    images: int,
    photographs: bool = False,
    allowed: Callable[[Card], bool] = lambda _: True,
) -> ServedModel:
    """What draws a prompt: the model that its flags ask for if it is served, else the usual one.

    Beside the bundled model, photographs go to the one that redraws them, if it can do all that
    is asked for; and so does every image with which the bundled one cannot do it.

    Args:
        prompt: The person's words.
        models: What is served.
        table: Family by version.
        images: How many image prompts there are.
        photographs: Whether all that the pictures are made from are known to be photographs.
        allowed: Whether a model may draw here.
    """
    if found := find_named(models, find_wanted(prompt.flags, table) or ""):
        return found
    first = choose_usual(models)
    redrawing = [one for one in models.values() if one.card.needs_image and allowed(one.card)]
    if first.card.id != "easel" or not redrawing:
        return first
    order = chain(redrawing, [first]) if photographs else chain([first], redrawing)
    able = (one for one in order if not any(find_problems(prompt, one.card, images)))
    return next(able, first)
