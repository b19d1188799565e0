"""Spellings: a prompt that a program can say, in the form that the program saves and reads."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from generation.recipe import Phrase
from prompt.flags.numbers import format_number
from prompt.flags.table import BATCH, GUIDANCE, LORA, NO, RATIO, SAMPLER, SEED, STEPS
from prompt.reading.emphasis import escape_emphasis, format_emphasis, read_emphasis
from prompt.reading.grammar import Prompt, format_prompt
from prompt.writing.programs import Abilities, Program
from prompt.writing.sides import compute_sides

_BRACKET: Final = re.compile(r"[()\[\]]")
_ROUND: Final = re.compile(r"[()]")
_CHECKPOINT: Final = "model.safetensors"


def _write_midjourney(prompt: Prompt, _: Abilities) -> str:
    return format_prompt(prompt)


def _write_infotext(prompt: Prompt, able: Abilities) -> str:
    values = prompt.flags
    # Every bracket weighs there, also one that is read as a character here.
    spell = escape_emphasis if able.weights is not None and not able.prose else format_emphasis
    words = " AND ".join(_format_share(one, prompt, spell(one)) for one in prompt.phrases)
    tags = "".join(f" <lora:{one}>" for one in LORA.of(values) or ())
    lines = [f"{words}{tags}".strip()]
    if unwanted := NO.of(values):
        lines.append(f"Negative prompt: {', '.join(unwanted)}")
    sampler, schedule = able.samplers.get(SAMPLER.of(values) or "", ("", ""))
    sides = compute_sides(RATIO.of(values) or (1, 1)) if RATIO.of(values) else ()
    settings = {
        "Steps": STEPS.of(values),
        "Sampler": sampler or None,
        "Schedule type": schedule or None,
        "CFG scale": None
        if GUIDANCE.of(values) is None
        else format_number(GUIDANCE.of(values) or 0),
        "Seed": SEED.of(values),
        "Size": "x".join(map(str, sides)) or None,
        "Batch size": BATCH.of(values),
    }
    told = [f"{name}: {value}" for name, value in settings.items() if value is not None]
    return "\n".join((*lines, *([", ".join(told)] if told else [])))


def _format_share(phrase: Phrase, prompt: Prompt, words: str) -> str:
    alone = len(prompt.phrases) == 1 or phrase.weight == 1.0
    return words if alone else f"{words} :{format_number(phrase.weight)}"


def _write_novelai(prompt: Prompt, able: Abilities) -> str:
    values = prompt.flags
    sampler, schedule = able.samplers.get(SAMPLER.of(values) or "", (None, None))
    return _dump(
        {
            "prompt": ", ".join(_spell(one, _weigh_numeric) for one in prompt.phrases),
            # Without this key it would not be known for NovelAI's.
            "uc": _spell_items(NO.of(values) or (), _weigh_numeric),
            "steps": STEPS.of(values),
            **_list_sides(values, able),
            "scale": GUIDANCE.of(values),
            "seed": SEED.of(values),
            "n_samples": BATCH.of(values),
            "sampler": sampler,
            "noise_schedule": schedule,
        }
    )


def _write_invokeai(prompt: Prompt, able: Abilities) -> str:
    values = prompt.flags
    sampler, _ = able.samplers.get(SAMPLER.of(values) or "", (None, ""))
    named = [one.rpartition(":") for one in LORA.of(values) or ()]
    loras = [{"model": {"name": name}, "weight": float(weight)} for name, _, weight in named]
    return _dump(
        {
            "generation_mode": "txt2img",
            "positive_prompt": ", ".join(_spell(one, _weigh_compel) for one in prompt.phrases),
            "negative_prompt": _spell_items(NO.of(values) or (), _weigh_compel),
            **_list_sides(values, able),
            "seed": SEED.of(values),
            "cfg_scale": GUIDANCE.of(values),
            "steps": STEPS.of(values),
            "scheduler": sampler,
            "loras": loras or None,
        }
    )


def _write_comfyui(prompt: Prompt, able: Abilities) -> str:
    """The API form: nodes by their number, each input a value or a node and its output."""
    values = prompt.flags
    sampler, scheduler = able.samplers[SAMPLER.of(values) or ""]
    width, height = compute_sides(RATIO.of(values) or (1, 1))
    nodes: dict[str, dict[str, Any]] = {
        "1": _node("CheckpointLoaderSimple", ckpt_name=_CHECKPOINT),
    }
    model, clip = ["1", 0], ["1", 1]
    for place, lora in enumerate(LORA.of(values) or (), 10):
        name, _, weight = lora.rpartition(":")
        file, strength = f"{name}.safetensors", float(weight)
        nodes[str(place)] = _node(
            "LoraLoader", model=model, clip=clip, lora_name=file,
            strength_model=strength, strength_clip=strength,
        )  # fmt: skip
        model, clip = [str(place), 0], [str(place), 1]
    words = ", ".join(_spell(one, _weigh_comfyui) for one in prompt.phrases)
    refused = _spell_items(NO.of(values) or (), _weigh_comfyui)
    return _dump(
        {
            **nodes,
            "2": _node("CLIPTextEncode", clip=clip, text=words),
            "3": _node("CLIPTextEncode", clip=clip, text=refused),
            "4": _node(
                "EmptyLatentImage", width=width, height=height, batch_size=BATCH.of(values)
            ),
            "5": _node(
                "KSampler", model=model, positive=["2", 0], negative=["3", 0],
                latent_image=["4", 0], seed=SEED.of(values), steps=STEPS.of(values),
                cfg=GUIDANCE.of(values), sampler_name=sampler, scheduler=scheduler, denoise=1.0,
            ),
            "6": _node("VAEDecode", samples=["5", 0], vae=["1", 2]),
            "7": _node("SaveImage", images=["6", 0], filename_prefix="easel"),
        }
    )  # fmt: skip


def _node(kind: str, **inputs: object) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def _list_sides(values: Mapping[str, Any], able: Abilities) -> dict[str, int]:
    if (ratio := RATIO.of(values)) is None:
        return {}
    width, height = compute_sides(ratio, able.grain)
    return {"width": width, "height": height}


def _dump(body: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in body.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, indent=2)


def _spell(phrase: Phrase, weigh: Callable[[str, float], str]) -> str:
    stretches = (stretch for chunk in phrase.chunks for stretch in chunk)
    return "".join(weigh(text, weight) for text, weight in stretches)


def _spell_items(items: Sequence[str], weigh: Callable[[str, float], str]) -> str:
    return ", ".join(_spell(read_emphasis(item), weigh) for item in items)


def _weigh_numeric(text: str, weight: float) -> str:
    return text if weight == 1.0 else f"{weight:.10g}::{text}::"


def _weigh_comfyui(text: str, weight: float) -> str:
    # Square brackets are characters there.
    text = _ROUND.sub(r"\\\g<0>", text)
    return text if weight == 1.0 else f"({text}:{weight:.10g})"


def _weigh_compel(text: str, weight: float) -> str:
    text = _BRACKET.sub(r"\\\g<0>", text)
    if weight == 1.0:
        return text
    # A group's weight has a point in Compel: `(x)2` would be words.
    return f"({text}){weight:.10g}{'' if weight % 1 else '.0'}"


WRITERS: Final[Mapping[Program, Callable[[Prompt, Abilities], str]]] = {
    Program.MIDJOURNEY: _write_midjourney,
    Program.A1111: _write_infotext,
    Program.COMFYUI: _write_comfyui,
    Program.NOVELAI: _write_novelai,
    Program.INVOKEAI: _write_invokeai,
    Program.FLUX: _write_infotext,
    Program.DALLE: _write_infotext,
    Program.PONY: _write_infotext,
    Program.ILLUSTRIOUS: _write_infotext,
}
