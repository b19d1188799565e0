"""One person's session with the bundled models: what the commands of a page make, without Discord.

Every step goes through what the bot itself uses: the parser, the table of buttons, the rules of
editing and the renderer.
"""

import asyncio
import io
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Final

from PIL import Image

from benchmarks.recipes.pages import FOLDER, Block, Command, Edit, Press, Print, Step
from bot.components.asking import PLACES, READINGS
from bot.components.buttons import KINDS, Derivation
from bot.interactions.requester import DIRECT_LIMIT
from bot.requests.edit_plans import Plan, plan
from bot.requests.editor import Editor
from bot.requests.finding import locate_in
from bot.requests.given import as_parent
from bot.requests.models import ServedModels
from cli.imagine import plan as resolve_text
from cli.imagine import take
from generation import derive
from generation.catalogue.families import find_card
from generation.catalogue.served import list_served
from generation.derive import Parent, select_ninth
from generation.pictures.metadata import encode_png
from generation.pictures.printing import encode_print, plan_print
from generation.recipe import Ingredient, Recipe
from generation.runtime.render import Pictures, render
from generation.sampling.engine import Drawer
from generation.worker import load_engine
from storage.files import Files
from storage.settings import Settings

SEED: Final = 7
"""Of what buttons draw, which in Discord is anybody's guess."""

_LINK: Final = "https://recipes.example/{name}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the last step made: its recipe, and its pictures by their SHA-256."""

    recipe: Recipe
    pictures: Pictures
    names: tuple[str, ...]


class Session:
    """Does one step after the other, each with what the one before it made."""

    def __init__(self, data: Path) -> None:
        self._settings = Settings(data=data)
        self._files, self._models = Files.of(self._settings), ServedModels(self._settings)
        self._editor = Editor(self._models)
        self._made: dict[str, str] = {}
        self.shown: Shown | None = None
        self._load = cache(partial(_load, self._settings))

    def run(self, block: Block) -> Image.Image:
        """The picture that the last of some steps makes: the grid, or the only one."""
        for step in block.steps:
            self.do(step)
        assert self.shown
        pictures = self.shown.pictures
        return pictures.grid or pictures.single[0]

    def do(self, step: Step) -> None:
        """Does a step, and keeps what it makes."""
        if isinstance(step, Print):
            self._print(step)
            return
        recipe = self.resolve(step)
        engine = self._load(recipe.model)
        made = render(engine, recipe, lambda *_: None, read=self._files.get, find=self._made.get)
        names = []
        for index, picture in enumerate(made.single):
            alone = derive.narrow(recipe, index)
            names.append(self._files.put(encode_png(picture, alone)))
            self._made[alone.digest] = names[-1]
        self.shown = Shown(recipe, made, tuple(names))

    def _print(self, step: Print) -> None:
        if self.shown is None:
            raise ValueError("nothing was drawn that could be printed")
        stored = Image.open(io.BytesIO(self._files.get(self.shown.names[0]))).convert("RGB")
        paper = plan_print(stored.size, step.longest)
        jpeg, _ = encode_print(stored, paper.pixels, None, DIRECT_LIMIT)
        picture = Image.open(io.BytesIO(jpeg))
        self.shown = replace(self.shown, pictures=Pictures((picture,), None))

    def resolve(self, step: Command | Edit | Press) -> Recipe:
        """The recipe of a step."""
        match step:
            case Command():
                return self._resolve_command(step)
            case Edit():
                return self._resolve_edit(step)
            case Press():
                return find_derivation(step.label)(self._pick(step.index), SEED)

    def _pick(self, index: int) -> Parent:
        if self.shown is None:
            raise ValueError("nothing was drawn that something could be made of")
        return Parent(self.shown.recipe, index - 1, self.shown.names[index - 1])

    def _resolve_edit(self, step: Edit) -> Recipe:
        planned = plan_edit(step)
        parent = self._give_back(step.image) if step.image else self._pick(step.index)
        looking = locate_in(planned, parent.recipe, parent.image, self._models, self._files)
        planned = asyncio.run(looking)
        return self._editor.change(planned)(parent, SEED).recipe

    def _give_back(self, name: str) -> Parent:
        """An image of somebody's, as what gives it back."""
        image = self._keep(FOLDER / name)
        return as_parent(resolve_text("--strength 0", self._settings, [image]).recipe, image)

    def _resolve_command(self, step: Command) -> Recipe:
        options = dict(step.options)
        text = options.pop("prompt", "")
        if strength := options.pop("strength", ""):
            text += f" --strength {strength}"
        linked = [
            self._link(flag, options.pop(name))
            for name, flag in (("style", "sref"), ("character", "cref"))
            if name in options
        ]
        if step.name == "sketch":
            text += f" --control {options.pop('keep', 'scribble')}"
        images = [self._keep(FOLDER / name) for name in options.values()]
        text = " ".join([text, *(words for words, _ in linked)]).strip()
        made = resolve_text(text, self._settings, [*images[:1], *(one for _, one in linked)])
        if step.name == "blend":
            equal = [Ingredient(image=image, weight=1.0) for image in images]
            return derive.blend(made.recipe, equal, find_card(made.recipe.family).plan)
        return made.recipe

    def _link(self, flag: str, name: str) -> tuple[str, str]:
        """A reference as its flag, and the SHA-256 of its image."""
        return f"--{flag} {_LINK.format(name=name)}", self._keep(FOLDER / name)

    def _keep(self, path: Path) -> str:
        (sha256,) = take("", [path], self._settings)
        return sha256


def _load(settings: Settings, model: str) -> Drawer:
    one = next(one for one in list_served(settings).values() if one.model == model)
    return load_engine(settings, one)


def plan_edit(step: Edit) -> Plan:
    """What an edit leads to, with the answer that is given where Easel asks.

    Raises:
        ValueError: There is no such answer.
        UserError: It is not clear what to do.
    """
    reading = next((name for name, said in READINGS.items() if said == step.reading), "")
    if step.reading and not reading:
        raise ValueError(f"{step.reading!r} is no answer")
    regions = PLACES.get(reading) or tuple(map(select_ninth, step.places))
    planned = plan(step.words, regions, whole=reading == "whole")
    return replace(planned, every=reading == "all")


def find_derivation(label: str) -> Derivation:
    """What a button with this label does.

    Raises:
        ValueError: There is none that draws by itself.
    """
    for kind in KINDS.values():
        said = kind.label or kind.emoji or ""
        if kind.derive and (said.replace("{k}", label[1:]) == label or kind.emoji == label):
            return kind.derive
    raise ValueError(f"{label!r} is no button")
