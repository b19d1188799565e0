"""What ``easel report`` does: every model draws, and one file tells how that went."""

import gc
import json
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, Final

import typer
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from cli import __version__
from cli.launch import QUIET
from faults import HostError
from generation.catalogue.served import list_served
from storage.queue.jobs import RenderError
from storage.settings import Settings, load_settings

CHUNK: Final = "easel-report"
"""Under this name the file carries all that it shows as JSON, for programs."""

_SIDE: Final = 384
_LINE: Final = 22
_EDGE: Final = 12
_WIDE: Final = 100
"""Characters of a sentence's line, which fit into the sheet's width."""

app = typer.Typer(rich_markup_mode=None)


@app.command("report")
def write_report(
    output: Annotated[Path, typer.Option("--output", "-o", help="The PNG to write.")] = Path(
        "easel-report.png"
    ),
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Tiny pictures in two steps.")
    ] = False,
) -> None:
    """Draw with every model, and write how that went.

    One picture shows seconds, memory, how each model lies on the card, and what diffusers' own
    pipeline draws beside ours, to attach where you report something. It names no path.
    """
    if output.suffix != ".png":
        raise typer.BadParameter("the output is a PNG, so its name must end in .png")
    # Before anything imports these libraries, which read it once.
    os.environ.update(QUIET)
    settings = load_settings()
    host = describe_host(settings)
    typer.echo(host)
    rows: list[tuple[str, Any]] = []
    for name, came in try_models(settings, small=rehearse):
        rows.append((name, came))
        for line in write_lines(name, came):
            typer.echo(line)
    compose_sheet(host, rows).save(output, pnginfo=_describe_for_programs(host, rows))
    typer.echo(output)


def describe_host(settings: Settings) -> str:
    """The versions and the device, in one line."""
    import diffusers  # noqa: PLC0415 - heavy
    import torch  # noqa: PLC0415

    from generation.tensors.device_faults import require_device  # noqa: PLC0415
    from generation.tensors.memory import measure_room  # noqa: PLC0415
    from generation.worker import choose_device  # noqa: PLC0415

    device = choose_device(settings.device)
    require_device(device)
    name = platform.processor() or platform.machine()
    if device.type == "cuda":
        name = f"{torch.cuda.get_device_name(device)}, {measure_room(device):.1f} GiB free"
    return (
        f"Easel {__version__}, PyTorch {torch.__version__}, diffusers {diffusers.__version__},"
        f" on {device.type} ({name})"
    )


def try_models(settings: Settings, *, small: bool) -> Iterator[tuple[str, Any]]:
    """Each model's name and its trial, or the sentence that says why there is none."""
    from generation.runtime.trial import try_model  # noqa: PLC0415 - heavy
    from generation.sampling.ladder import release  # noqa: PLC0415
    from generation.worker import choose_device, load_engine  # noqa: PLC0415

    for one in list_served(settings).values():
        came: Any
        try:
            came = try_model(partial(load_engine, settings, one), one.model, small=small)
        except RenderError as error:
            came = f"it cannot draw ({error.code})"
        except HostError as error:
            came = str(error)
        # Parts of a pipeline refer to each other, and the next model wants their memory.
        gc.collect()
        release(choose_device(settings.device))
        yield one.card.called, came


def write_lines(name: str, came: Any) -> list[str]:  # noqa: ANN401 - a Trial, which loads late
    """What is said of a model, in lines."""
    if isinstance(came, str):
        return [name, *wrap(came, _WIDE)]
    apart = came.difference
    beside = "nothing of diffusers' to compare with"
    if came.fault:
        beside = f"diffusers' own pipeline failed ({came.fault})"
    if apart is not None:
        beside = "as diffusers, to the bit" if apart == 0 else f"{apart:.3f} of 255 from diffusers"
    return [
        f"{name} ({came.model}): {came.plan}",
        f"loaded in {came.load:.1f} s, {came.memory:.1f} GiB at most",
        f"a picture in {came.single:.2f} s, a grid in {came.grid:.2f} s; {beside}",
    ]


def compose_sheet(host: str, rows: Sequence[tuple[str, Any]]) -> Image.Image:
    """All of it in one picture: a line on the host, then a row for each model."""
    font = ImageFont.load_default(16)
    texts = [write_lines(name, came) for name, came in rows]
    high = [
        len(lines) * _LINE + (0 if isinstance(came, str) else _SIDE) + 2 * _EDGE
        for lines, (_, came) in zip(texts, rows, strict=True)
    ]
    sheet = Image.new("RGB", (2 * _SIDE + 3 * _EDGE, 2 * _LINE + _EDGE + sum(high)), "white")
    pen = ImageDraw.Draw(sheet)
    _write(pen, host, (_EDGE, _EDGE), font)
    top = 2 * _LINE + _EDGE
    for (_, came), lines, height in zip(rows, texts, high, strict=True):
        for number, line in enumerate(lines):
            _write(pen, line, (_EDGE, top + number * _LINE), font)
        if not isinstance(came, str):
            for number, picture in enumerate(filter(None, (came.ours, came.theirs))):
                shown = picture.copy()
                shown.thumbnail((_SIDE, _SIDE))
                below = top + len(lines) * _LINE + _EDGE // 2
                sheet.paste(shown, (_EDGE + number * (_SIDE + _EDGE), below))
        top += height
    return sheet


def _write(pen: ImageDraw.ImageDraw, text: str, at: tuple[int, int], font: Any) -> None:  # noqa: ANN401
    """Text cut to what fits into the sheet's width."""
    most = 2 * _SIDE + _EDGE
    while pen.textlength(text, font) > most:
        text = text[:-2].rstrip() + "…"
    pen.text(at, text, "black", font)


def _describe_for_programs(host: str, rows: Sequence[tuple[str, Any]]) -> PngInfo:
    told = PngInfo()
    models = {name: _list_figures(came) for name, came in rows}
    told.add_text(CHUNK, json.dumps({"host": host, "models": models}))
    return told


def _list_figures(came: Any) -> Any:  # noqa: ANN401
    if isinstance(came, str):
        return came
    names = (field.name for field in fields(came))
    return {name: getattr(came, name) for name in names if name not in {"ours", "theirs"}}
