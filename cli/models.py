"""The models that draw, listed, fetched and checked: what ``easel models`` does."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import checkpoints
from cli.describe import describe
from generation.catalogue.checkpoints import OWN, choose_card
from generation.catalogue.classifiers import AUTO, OFF, USUAL
from generation.catalogue.extras import name_beside
from generation.catalogue.eyes import EYES, find_eye_folder, find_eye_named
from generation.catalogue.families import CARDS, VARIANTS, find_known
from generation.catalogue.served import find_named, list_passed_over, list_served
from storage.settings import load_settings

if TYPE_CHECKING:
    from cli.hub import Wanted

models = typer.Typer(rich_markup_mode=None)
app = typer.Typer(rich_markup_mode=None)
app.add_typer(models, name="models", help="List, fetch and check the models that draw.")


@models.callback(invoke_without_command=True)
def _models(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_models()


@models.command("list")
def list_models() -> None:
    """List the kinds of models that Easel can run."""
    for card in (*CARDS, *VARIANTS):
        if card.id in OWN and not OWN[card.id].is_dir():
            continue  # nothing would fetch it
        typer.echo(f"{card.called:<16} {card.title}: {card.about}")
        typer.echo(f"{'':16} licence {card.licence}; {card.memory:g} GiB of GPU memory or more")
        typer.echo(f"{'':16} weights {card.model}")
        if card.notice:
            typer.echo(f"{'':16} {card.notice}")
        example = "empty" if card.id == "easel" else f"{card.called}, a file, a folder, or a hub id"
        typer.echo(f"{'':16} EASEL_MODEL is {example}")
        for setting, known, mark in (
            ("ADAPTERS", card.adapters, ","),
            ("CONTROLNETS", card.controlnets, ";"),
        ):
            if known:
                sources, *licence = known.partition(mark)
                named = "".join((name_beside(sources, card), *licence))
                typer.echo(f"{'':16} EASEL_{setting} may be {named}")
    typer.echo("Eyes, which tell /describe what pictures show (EASEL_EYES):")
    for eye in EYES:
        usual = f"; usual from {eye.card:g} GB on" if eye.card else ""
        here = ", on this machine" if find_eye_folder(eye.model) else ""
        typer.echo(f"{eye.name:<16} {eye.model}: {eye.weights:g} GiB, {eye.licence}{usual}{here}")
    _list_served()


def _list_served() -> None:
    """Say which are served, where the settings name several, and which files were passed over."""
    settings = load_settings()
    served = list_served(settings)
    if settings.models or settings.model:
        typer.echo("Served here, the default first:")
        for name, one in served.items():
            fault = checkpoints.find_fault(one)
            typer.echo(f"  --model {name:<16} {one.model}{fault and f': {fault}'}")
    for entry in (settings.model, *settings.models.split(",")):
        for says in list_passed_over(entry.strip().rpartition("=")[2]):
            typer.echo(f"  passed over: {says}.")


@models.command("show")
def show_model(
    name: Annotated[
        str, typer.Argument(help="A name that --model takes here, or a file, a folder or a hub id.")
    ],
) -> None:
    """Show a model: what it is, what it is drawn with by default, and where that is said."""
    settings = load_settings()
    one = find_named(list_served(settings), name)
    if one is None:
        (one, *_) = list_served(settings.model_copy(update={"model": name, "models": ""})).values()
    for label, value in describe(one):
        typer.echo(f"{label:<12} {value}")


@models.command("fetch")
def fetch_model(
    name: Annotated[
        str,
        typer.Argument(
            help="A name such as sdxl, a hub id, eyes or classifier; left out, all of .env and"
            " what sees."
        ),
    ] = "",
    accept: Annotated[
        bool,
        typer.Option("--accept-licence", "--yes", "-y", help="Accept its licence without asking."),
    ] = False,
    controlnets: Annotated[
        bool, typer.Option("--controlnets", help="The family's ControlNets instead of its model.")
    ] = False,
    adapters: Annotated[
        bool, typer.Option("--adapters", help="The family's image adapters instead of its model.")
    ] = False,
    around: Annotated[
        bool,
        typer.Option("--around", help="All but the denoiser, which a single file has already."),
    ] = False,
) -> None:
    """Fetch a model: the worker fetches nothing by itself.

    Shows its licence and size first. An interrupted download resumes where it stopped.
    """
    from cli import beside, hub  # noqa: PLC0415 - a bot alone has no client of the hub

    if not name:
        _fetch(beside.find_all(load_settings()), accept)
        typer.echo("All that the settings name is here.")
    elif name == "eyes" or find_eye_named(name):
        settings = load_settings()
        wanted_eye = settings.eyes if name == "eyes" else name
        eye = beside.find_eye(wanted_eye, beside.measure_gpu(settings))
        if eye is None:
            typer.echo("EASEL_EYES needs none here; easel models lists those that there are.")
            return
        _fetch([eye], accept)
        typer.echo(f"It is here. For .env:\nEASEL_EYES={eye.pinned}")
    elif name == "classifier":
        chosen = load_settings().classifier
        judge = beside.find_classifier(USUAL if chosen in {AUTO, OFF} else chosen)
        if judge is None:
            typer.echo("EASEL_CLASSIFIER needs none of a hub.")
            return
        _fetch([judge], accept)
        typer.echo(f"It is here. For .env:\nEASEL_CLASSIFIER={judge.pinned}")
    elif controlnets:
        networks = beside.find_networks(name)
        _fetch(list(networks.each.values()), accept)
        typer.echo(f"They are here. For .env:\n{networks.setting}")
    elif adapters:
        card = find_known(name)
        wanted = beside.find_adapters(card, card.adapters.partition(",")[0])
        _fetch([wanted], accept)
        named = name_beside(wanted.pinned, card)
        typer.echo(f"They are here. For .env:\nEASEL_ADAPTERS={named}")
    else:
        wanted = hub.find(name, around=around)
        (folder,) = _fetch([wanted], accept)
        # A full disk or a proxy may leave files that are there and not whole.
        if around:
            typer.echo("It is here, for single files of its denoiser.")
            return
        _require_whole(folder)
        typer.echo(f"It is here. For .env:\n{wanted.setting}")


def _fetch(every: Sequence["Wanted"], accept: bool) -> list[Path]:
    """The folders of what was fetched after a yes to licences and size."""
    from cli import hub  # noqa: PLC0415 - a bot alone has no client of the hub

    for wanted in every:
        typer.echo(f"{wanted.name}, {wanted.title}")
        typer.echo(f"Licence: {wanted.licence}.")
        if wanted.notice:
            typer.echo(wanted.notice)
    size = sum(wanted.size for wanted in every)
    # Where all is here already, a licence was accepted before.
    if size and not accept:
        typer.confirm(f"Accept the licence and fetch {size / 2**30:.1f} GiB?", abort=True)
    return [hub.fetch(wanted) for wanted in every]


@models.command("check")
def check_model(
    name: Annotated[str, typer.Argument(help="A file, a folder, a name like sdxl, or a hub id.")],
) -> None:
    """Check a model: whether all of its parts are there, readable and as they were fetched."""
    place = checkpoints.find_place(name)
    _require_whole(place)
    card = choose_card(str(place))
    typer.echo(f"{card.title}, {checkpoints.weigh(place) / 2**30:.2f} GiB of weights, complete.")


def _require_whole(place: Path) -> None:
    """Exit with code 1, saying why, if a checkpoint is not whole."""
    found = list(checkpoints.find_faults(place))
    for fault in found:
        typer.echo(fault, err=True)
    if found:
        raise typer.Exit(1)
