"""What ``easel doctor`` says of memory: how each model, and the eye, would lie on the card."""

import importlib.util
from collections.abc import Iterator
from typing import Any, Final

import psutil

from cli.findings import Finding, State
from faults import HostError
from generation.catalogue.card import Card
from generation.catalogue.checkpoints import name_source
from generation.catalogue.classifiers import (
    BUNDLED,
    ClassifierError,
    choose_classifier,
    find_classifier_folder,
)
from generation.catalogue.eyes import (
    READING,
    EyesError,
    choose_eye,
    find_architecture,
    find_eye_card,
    find_eye_folder,
    is_lent,
)
from storage.settings import Settings

_MAIN_SHARE: Final = 0.8
"""Share of the machine's own memory that may be taken: the rest is for the system and the bot."""


def examine_memory(settings: Settings) -> Iterator[Finding]:
    """The plan for each model that is served, or that it does not fit; none without a GPU."""
    if importlib.util.find_spec("torch") is None:
        return
    from generation.catalogue.memory_plans import describe, plan_ahead  # noqa: PLC0415 - heavy
    from generation.catalogue.served import list_served  # noqa: PLC0415
    from generation.tensors.memory import find_room  # noqa: PLC0415

    device = find_gpu(settings)
    if device is None:
        return
    try:
        room = find_room(device, settings.memory)
        served = list_served(settings)
    except HostError as error:
        # What is wrong with the models themselves is said where they are looked for.
        if "EASEL_MEMORY" in str(error):
            yield Finding("memory", State.FAULT, str(error), "correct EASEL_MEMORY")
        return
    for one in served.values():
        name = f"memory {one.card.called}"
        try:
            plan = plan_ahead(one.card, settings, room)
        except HostError as error:
            mend = "take a smaller model, or another card"
            yield Finding(name, State.FAULT, str(error), mend)
            continue
        says = f"{describe(plan)}: {plan.needs:.1f} of {room.memory:.1f} GiB"
        state = State.OK if plan.needs <= room.memory else State.NOTE
        mend = "" if state is State.OK else "set EASEL_MEMORY=auto, which fits it to the card"
        yield Finding(name, state, says, mend)


def examine_eyes(settings: Settings) -> Iterator[Finding]:
    """By what pictures are looked at, whether it is here, and how it finds room."""
    if importlib.util.find_spec("torch") is None:
        return
    from generation.catalogue.served import choose_usual, list_served  # noqa: PLC0415 - heavy
    from generation.tensors.memory import measure_card  # noqa: PLC0415

    mend = "EASEL_EYES is off, auto, a name that easel models lists, a folder or a hub id"
    try:
        device = find_gpu(settings)
        usual = choose_usual(list_served(settings)).card
        if is_lent(settings.eyes, usual):
            says = f"{usual.title}, which draws here, also tells what pictures show"
            yield Finding("eyes", State.OK, says)
            return
        source = choose_eye(settings.eyes, 0.0 if device is None else measure_card(device))
        folder = find_eye_folder(source) if source else None
        if folder is not None:
            find_architecture(folder)
    except EyesError as error:
        yield Finding("eyes", State.FAULT, str(error), mend)
        return
    except HostError:
        # What is wrong with the models themselves is said where they are looked for.
        return
    if not source:
        yield Finding("eyes", State.OK, "none; the small judge names what it is sure of")
    elif folder is None:
        mend = "to have one: easel models fetch eyes; else EASEL_EYES=off"
        yield Finding("eyes", State.NOTE, f"{name_source(source)} is not on this machine", mend)
    elif device is None:
        says = f"{name_source(source)}, on the processor: it takes a minute or more for a picture"
        yield Finding("eyes", State.NOTE, says, "a GPU, or EASEL_EYES=off")
    else:
        yield _place_eye(settings, source, usual, device)


def examine_classifier(settings: Settings) -> Iterator[Finding]:
    """By what pictures are judged before they are shown, and whether it is here."""
    mend = "EASEL_CLASSIFIER is off, auto, opennsfw, a folder or a hub id"
    try:
        model = choose_classifier(settings.classifier)
        if model and model != BUNDLED:
            find_classifier_folder(model)
    except ClassifierError as error:
        yield Finding("classifier", State.FAULT, str(error), mend)
        return
    if model:
        yield Finding("classifier", State.OK, f"{name_source(model)}, on this machine")
        return
    says = "none: nothing judges pictures before they are shown"
    yield Finding("classifier", State.NOTE, says, "docs/moderation.md says what there is")


def _place_eye(settings: Settings, source: str, usual: Card, device: Any) -> Finding:  # noqa: ANN401
    """How an eye that is here finds room beside the model that draws."""
    from generation.catalogue.memory_plans import (  # noqa: PLC0415 - heavy
        EyePlacing,
        estimate_served,
        measure_rest,
        plan_ahead,
        plan_eye,
    )
    from generation.tensors.memory import find_room  # noqa: PLC0415

    name, known = name_source(source), find_eye_card(source)
    if known is None:
        return Finding("eyes", State.OK, f"{name}, on this machine")
    try:
        room = find_room(device, settings.memory)
        plan = plan_ahead(usual, settings, room)
        resting = measure_rest(estimate_served(usual, settings), plan)
        placing = plan_eye(name, known.weights, resting, room)
    except HostError as error:
        return Finding("eyes", State.FAULT, str(error), "easel models lists smaller ones")
    said = {
        EyePlacing.BESIDE: f"goes to the card beside {usual.title} for a question",
        EyePlacing.INSTEAD: f"takes the place of {usual.title} for a question",
    }
    return Finding("eyes", State.OK, f"{name} {said[placing]}")


def examine_main_memory(settings: Settings) -> Iterator[Finding]:
    """What waits in the machine's own memory beside the card, and whether that is enough."""
    if importlib.util.find_spec("torch") is None:
        return
    from generation.catalogue.memory_plans import (  # noqa: PLC0415 - heavy
        estimate_served,
        measure_aside,
        measure_rest,
        plan_ahead,
    )
    from generation.catalogue.served import choose_usual, list_served  # noqa: PLC0415
    from generation.tensors.memory import find_room, measure_card  # noqa: PLC0415

    device = find_gpu(settings)
    if device is None:
        return
    try:
        room = find_room(device, settings.memory)
        usual = choose_usual(list_served(settings)).card
        parts = estimate_served(usual, settings)
        plan = plan_ahead(usual, settings, room)
        source = (
            "" if is_lent(settings.eyes, usual) else choose_eye(settings.eyes, measure_card(device))
        )
        known = find_eye_card(source) if source and find_eye_folder(source) else None
    except HostError:
        # What is wrong with them is said where they are looked for.
        return
    needs = measure_aside(parts, plan) + measure_finder(settings.finder)
    if known is not None:
        resting = measure_rest(parts, plan)
        # An eye lies there between questions; for one the model may have to make room for it.
        away = resting if resting + known.weights + READING > room.memory else 0.0
        needs += max(known.weights, away)
    whole = psutil.virtual_memory().total / 2**30
    says = f"{needs:.1f} of {whole:.1f} GiB for what waits beside the card"
    if needs <= _MAIN_SHARE * whole:
        yield Finding("main memory", State.OK, says)
        return
    mend = "take a smaller EASEL_EYES or none, a smaller EASEL_FINDER, or a smaller model"
    yield Finding("main memory", State.NOTE, says, mend)


def measure_finder(setting: str) -> float:
    """GiB of the weights that ``EASEL_FINDER`` names, which compute in the machine's own memory."""
    folders = (find_eye_folder(part.strip()) for part in setting.split(",") if part.strip())
    files = [file for folder in folders if folder for file in folder.glob("*.safetensors")]
    return sum(file.stat().st_size for file in files) / 2**30


def find_gpu(settings: Settings) -> Any:  # noqa: ANN401 - torch loads late
    """The GPU that the worker would compute on; None if it is none of NVIDIA's or AMD's."""
    import torch  # noqa: PLC0415 - heavy

    if settings.device not in {"cpu", "mps"} and torch.cuda.is_available():
        return torch.device("cuda" if settings.device == "auto" else settings.device)
    return None
