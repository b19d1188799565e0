"""What ``easel doctor`` says of memory: how each model would lie on the card at hand."""

import importlib.util
from collections.abc import Iterator
from typing import Any

from cli.findings import Finding, State
from faults import HostError
from storage.settings import Settings


def examine_memory(settings: Settings) -> Iterator[Finding]:
    """The plan for each model that is served, or that it does not fit; none without a GPU."""
    if importlib.util.find_spec("torch") is None:
        return
    from generation.catalogue.memory_plans import describe, plan_ahead, read_room  # noqa: PLC0415 - heavy
    from generation.catalogue.served import list_served  # noqa: PLC0415
    from generation.tensors.memory import measure_room  # noqa: PLC0415

    device = _find_gpu(settings)
    if device is None:
        return
    try:
        room = read_room(measure_room(device), settings.memory)
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


def _find_gpu(settings: Settings) -> Any:  # noqa: ANN401 - torch loads late
    """The GPU that the worker would compute on; None if it is none of NVIDIA's or AMD's."""
    import torch  # noqa: PLC0415 - heavy

    if settings.device not in {"cpu", "mps"} and torch.cuda.is_available():
        return torch.device("cuda" if settings.device == "auto" else settings.device)
    return None
