"""Eyes: models that see, behind one interface, and how a picture and words become their input.

Their own processors want torchvision; what these do is done here with those of images alone, which
need none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import torch
import transformers
from PIL import Image
from torch import Tensor
from transformers import AutoTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from generation.answering.form import INSTRUCTION, fill_form, read_form
from generation.answering.framing import ask_where, fill_frames, read_box
from generation.answering.speaker import Speaker
from generation.catalogue.checkpoints import name_source, read_json
from generation.catalogue.eyes import find_architecture, find_eye_folder
from generation.families.libraries import quiet
from generation.families.model_error import LOADING_FAULTS, ModelError
from generation.families.qwen_image_edit import Reader
from generation.questions.question import VALUE_LIMIT, WORD_LIMIT, Seen, clean_words
from generation.recipe import Region
from generation.sampling.engine import Engine

SIDE: Final = 1024
"""Longer side in pixels of a picture as it is looked at, at most."""

_LEAST: Final = 16
"""Sides in pixels below which it is stretched."""

Told = Callable[[int, int], None]
"""Called with how much of all is done; whatever it raises ends it."""

_CONFIGS: Final = ("preprocessor_config.json", "processor_config.json")
"""Files in which the settings of what reads images may stand."""

_THOUSANDTHS: Final = (1000.0, 1000.0)
"""What Qwen's models of the third generation count places by, whatever the picture's size."""


class ImageReader(Protocol):
    """From words and an image to a model's input."""

    @property
    def mark(self) -> str:
        """What stands for the image in a text."""

    def __call__(self, text: str, picture: Image.Image) -> Mapping[str, Tensor]:
        """Tokens and pixels of a conversation with one image."""

    def measure(self, read: Mapping[str, Tensor]) -> tuple[float, float] | None:
        """Width and height by which the model tells places in such an image; None if it does not.

        Args:
            read: What calling it gave.
        """


class Eye(Protocol):
    """A loaded model that tells what pictures show."""

    @property
    def name(self) -> str:
        """What it is called in answers."""

    def see(self, picture: Image.Image, facts: str, told: Told) -> Seen:
        """What a picture shows; the same picture gives the same words.

        Args:
            picture: In RGB.
            facts: What was measured of it.
            told: Told of progress.
        """

    def frame(self, picture: Image.Image, words: str) -> Sequence[Region]:
        """Rectangles around what words name; none where it is not seen, or the eye tells no places.

        Args:
            picture: In RGB.
            words: What it is called.
        """

    def move(self, device: torch.device) -> None:
        """Has it lie, and compute, on a device."""


@dataclass(frozen=True, slots=True)
class ChattingEye:
    """A model of language and sight that is asked in words, and fills in a form.

    Attributes:
        name: What it is called.
        model: The model.
        tokenizer: Its tokenizer, which knows how a conversation is written.
        read: From a conversation with one image's mark and the image to the model's input.
    """

    name: str
    model: Any
    tokenizer: Any
    read: "ImageReader"

    def see(self, picture: Image.Image, facts: str, told: Told) -> Seen:
        """See ``Eye.see``."""
        speaker, _ = self._ask(picture, INSTRUCTION + facts)
        return read_form(fill_form(speaker, told), self.name)

    def frame(self, picture: Image.Image, words: str) -> Sequence[Region]:
        """See ``Eye.frame``."""
        speaker, read = self._ask(picture, ask_where(words))
        size = self.read.measure(read)
        return fill_frames(speaker, size) if size else ()

    def _ask(self, picture: Image.Image, asked: str) -> tuple[Speaker, Mapping[str, Tensor]]:
        """Somebody who has read a picture and what is asked of it, and what was read."""
        text = write_conversation(self.tokenizer, self.read.mark + asked)
        read = self.read(text, _fit(picture))
        speaker = Speaker(self.model, self.tokenizer)
        speaker.begin({name: _lay(one, self.model) for name, one in read.items()})
        return speaker, read

    def move(self, device: torch.device) -> None:
        """See ``Eye.move``."""
        self.model.to(device)


@dataclass(frozen=True, slots=True)
class CaptioningEye:
    """Florence-2, which knows tasks instead of instructions: a sentence, and what can be read.

    Attributes:
        name: What it is called.
        model: The model.
        tokenizer: Its tokenizer.
        images: From images to pixels.
        tokens: For how many tokens an image stands.
    """

    name: str
    model: Any
    tokenizer: Any
    images: Any
    tokens: int

    def see(self, picture: Image.Image, facts: str, told: Told) -> Seen:  # noqa: ARG002 - it reads none
        """See ``Eye.see``."""
        pixels = self.images(images=[_fit(picture)], return_tensors="pt")["pixel_values"]
        answers = []
        for done, task in enumerate(_TASKS):
            told(done, len(_TASKS))
            answers.append(self._ask(task, pixels))
        caption, words = answers
        return read_form({"subject": caption[:1].lower() + caption[1:], "words": words}, self.name)

    def frame(self, picture: Image.Image, words: str) -> Sequence[Region]:
        """See ``Eye.frame``."""
        pixels = self.images(images=[_fit(picture)], return_tensors="pt")["pixel_values"]
        text = self._say(_LOCATE.format(clean_words(words, WORD_LIMIT)), pixels, special=True)
        places = [read_box(" ".join(four), _PLACES) for four in _FOUR.findall(text)]
        return [one for one in places if one]

    def _ask(self, task: str, pixels: Tensor) -> str:
        return clean_words(self._say(task, pixels), VALUE_LIMIT)

    @torch.inference_mode()
    def _say(self, task: str, pixels: Tensor, *, special: bool = False) -> str:
        """What it says to a task, with or without its special tokens, of which places are some."""
        mark = int(self.model.config.image_token_id)
        ids = [mark] * self.tokens + list(self.tokenizer(task).input_ids)
        made = self.model.generate(
            input_ids=torch.tensor([ids], device=self.model.device),
            pixel_values=_lay(pixels, self.model),
            max_new_tokens=60,
            num_beams=1,
            do_sample=False,
        )
        text: str = self.tokenizer.decode(made[0], skip_special_tokens=not special)
        return text

    def move(self, device: torch.device) -> None:
        """See ``Eye.move``."""
        self.model.to(device)


# As its processor words the tasks <CAPTION> and <OCR>.
_TASKS: Final = ("What does the image describe?", "What is the text in the image?")
# The same of <OPEN_VOCABULARY_DETECTION>; places are tokens, a thousand across and down.
_LOCATE: Final = "Locate {} in the image."
_FOUR: Final = re.compile(r"<loc_(\d+)><loc_(\d+)><loc_(\d+)><loc_(\d+)>")
_PLACES: Final = (999.0, 999.0)


def load_eye(model: str, dtype: torch.dtype) -> Eye:
    """An eye in the machine's own memory.

    Args:
        model: A folder, or a hub id with ``@`` and a revision behind it if wanted.
        dtype: The number format to compute in.

    Raises:
        EyesError: It is of a kind that cannot be asked.
        ModelError: It cannot be loaded.
    """
    name, folder = name_source(model), find_eye_folder(model)
    if folder is None:
        raise ModelError(
            f"{name} is not on this machine yet: `easel models fetch eyes` shows its licence and"
            " fetches it"
        )
    architecture = find_architecture(folder)
    quiet()
    kind = getattr(transformers, architecture, None)
    if kind is None:
        raise ModelError(f"{architecture} needs a newer transformers: pip install -U transformers")
    try:
        network = kind.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, local_files_only=True
        ).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return _build(architecture, name, network, tokenizer, folder)
    except LOADING_FAULTS as error:
        raise ModelError(
            f"{name} could not be loaded as an eye: it needs the folder of a {architecture} with"
            " safetensors weights and its tokenizer; `easel models fetch` completes what broke off"
        ) from error


def _build(architecture: str, name: str, model: Any, tokenizer: Any, folder: Path) -> Eye:  # noqa: ANN401
    settings = _read_settings(folder)
    if architecture.startswith("Florence2"):
        images = CLIPImageProcessorPil(**settings)
        return CaptioningEye(name, model, tokenizer, images, int(settings["image_seq_length"]))
    if architecture.startswith("MiniCPM"):
        from transformers.models.minicpmv4_6.image_processing_pil_minicpmv4_6 import (  # noqa: PLC0415 - of newer releases
            MiniCPMV4_6ImageProcessorPil,
        )

        slices = MiniCPMV4_6ImageProcessorPil(**settings)
        return ChattingEye(name, model, tokenizer, SlicingReader(tokenizer, slices))
    patches = Qwen2VLImageProcessorPil(**settings)
    return ChattingEye(name, model, tokenizer, PatchReader(model, tokenizer, patches))


def borrow_eye(engine: Engine) -> Eye:
    """The eye of a loaded model that draws, whose text encoder sees.

    It stays where the model's memory plan has it, and moves when that says so.
    """
    pipe = engine.pipe
    reader = PatchReader(pipe.text_encoder, pipe.tokenizer, Qwen2VLImageProcessorPil())
    return ChattingEye(name_source(engine.card.model), pipe.text_encoder, pipe.tokenizer, reader)


def _read_settings(folder: Path) -> dict[str, Any]:
    """The settings of what reads images, without the name of the class that wants torchvision."""
    own, whole = (read_json(folder / name) for name in _CONFIGS)
    found = own.get("image_processor", {}) | own | whole.get("image_processor", {})
    unwanted = ("image_processor_type", "processor_class", "auto_map", "feature_extractor_type")
    return {key: value for key, value in found.items() if key not in unwanted}


@dataclass(frozen=True, slots=True)
class PatchReader:
    """What Qwen's models of language and sight read: patches, and a mark for every four of them.

    Attributes:
        model: The model, whose configuration numbers the mark.
        tokenizer: Its tokenizer.
        images: From images to patches.
    """

    model: Any
    tokenizer: Any
    images: Any

    @property
    def mark(self) -> str:
        """See ``ImageReader.mark``."""
        return "<|vision_start|><|image_pad|><|vision_end|>"

    def __call__(self, text: str, picture: Image.Image) -> Mapping[str, Tensor]:
        """See ``ImageReader.__call__``."""
        read = Reader(self.tokenizer, self.images)([text], [picture], return_tensors="pt")
        marks = read["input_ids"] == self.model.config.image_token_id
        return {
            "input_ids": read["input_ids"],
            "pixel_values": read["pixel_values"],
            "image_grid_thw": read["image_grid_thw"],
            # Where these are not given, places are counted as in plain text.
            "mm_token_type_ids": marks.int(),
        }

    def measure(self, read: Mapping[str, Tensor]) -> tuple[float, float] | None:
        """See ``ImageReader.measure``."""
        config = self.model.config
        if config.model_type != "qwen2_5_vl":
            return _THOUSANDTHS
        # Before its third generation it counts the pixels that it was shown.
        _, rows, columns = (int(side) for side in read["image_grid_thw"][0])
        patch = int(config.vision_config.patch_size)
        return float(columns * patch), float(rows * patch)


@dataclass(frozen=True, slots=True)
class SlicingReader:
    """What MiniCPM-V reads: the whole image, then slices of it, each between marks of its own.

    Attributes:
        tokenizer: Its tokenizer, which knows the marks.
        images: From images to slices.
    """

    tokenizer: Any
    images: Any

    @property
    def mark(self) -> str:
        """See ``ImageReader.mark``."""
        return str(self.tokenizer.image_token)

    def __call__(self, text: str, picture: Image.Image) -> Mapping[str, Tensor]:
        """See ``ImageReader.__call__``."""
        seen = self.images([picture], return_tensors="pt")
        # Its encoder merges patches two by two, twice.
        counts = (seen["target_sizes"].prod(-1) // 16).tolist()
        words = self.tokenizer
        marks = f"{words.image_id_start_token}0{words.image_id_end_token}"
        marks += _enclose(
            words.image_start_token, words.image_token, counts[0], words.image_end_token
        )
        rows, columns = (int(side) for side in seen["grids"][0])
        each = [
            _enclose(words.slice_start_token, words.image_token, count, words.slice_end_token)
            for count in counts[1:]
        ]
        marks += "\n".join(
            "".join(each[row * columns : (row + 1) * columns]) for row in range(rows)
        )
        whole = text.replace(words.image_token, marks, 1)
        read = words(whole, return_tensors="pt")
        return {
            "input_ids": read["input_ids"],
            "pixel_values": seen["pixel_values"],
            "target_sizes": seen["target_sizes"],
        }

    def measure(self, read: Mapping[str, Tensor]) -> tuple[float, float] | None:  # noqa: ARG002 - it tells none
        """See ``ImageReader.measure``."""
        return None


def _enclose(start: str, mark: str, count: int, end: str) -> str:
    return f"{start}{mark * count}{end}"


def write_conversation(tokenizer: Any, asked: str) -> str:  # noqa: ANN401
    """One thing that is asked, as the model's own template writes it, to be answered."""
    # Templates take plain text as it is, marks included, whether they know of images or not.
    text: str = tokenizer.apply_chat_template(
        [{"role": "user", "content": asked}],
        tokenize=False,
        add_generation_prompt=True,
        # Those that know of no thinking leave it aside.
        enable_thinking=False,
    )
    return text


def _fit(picture: Image.Image) -> Image.Image:
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    across, down = (max(side, _LEAST) for side in small.size)
    # Processors refuse what is some hundred times longer than it is wide.
    return small if (across, down) == small.size else small.resize((across, down))


def _lay(tensor: Tensor, model: Any) -> Tensor:  # noqa: ANN401
    """A tensor where the model lies; numbers of pixels in its own format."""
    moved = tensor.to(model.device)
    return moved.to(model.dtype) if moved.is_floating_point() else moved
