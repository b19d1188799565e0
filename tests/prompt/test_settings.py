"""Settings that other programs save, pasted as a prompt: read, and nothing of them drawn."""

import json

import pytest

from prompt.reading.dialects import translate
from prompt.reading.grammar import parse

A1111 = """1girl, (masterpiece:1.2)
Negative prompt: lowres, (bad hands:1.4), EasyNegative
Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 12, Size: 512x768, \
Model hash: abc, Model: x_y, Clip skip: 2, Lora hashes: "ink: 12, b: 3", Version: v1.9.4"""

COMFYUI_API = json.dumps(
    {
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "seed": 8,
                "steps": 20,
                "cfg": 8,
                "sampler_name": "euler_ancestral",
                "scheduler": "normal",
                "denoise": 1,
                "model": ["4", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
                "latent_image": ["5", 0],
            },
        },
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "v1.safetensors"}},
        "5": {
            "class_type": "EmptyLatentImage",
            "inputs": {"width": 512, "height": 768, "batch_size": 1},
        },
        "6": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "beautiful (scenery:1.2) nature", "clip": ["4", 1]},
        },
        "7": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "text, watermark", "clip": ["4", 1]},
        },
        "10": {
            "class_type": "LoraLoader",
            "inputs": {"lora_name": "ink.safetensors", "strength_model": 0.8},
        },
    }
)

COMFYUI_PLACES = json.dumps(
    {
        "last_node_id": 9,
        "nodes": [
            {
                "id": 7,
                "type": "CLIPTextEncode",
                "inputs": [{"name": "clip", "link": 5}],
                "widgets_values": ["text, watermark"],
            },
            {"id": 6, "type": "CLIPTextEncode", "inputs": [], "widgets_values": ["an owl"]},
            {"id": 5, "type": "EmptyLatentImage", "widgets_values": [1024, 512, 1]},
            {
                "id": 3,
                "type": "KSampler",
                "inputs": [
                    {"name": "model", "link": 1},
                    {"name": "positive", "link": 4},
                    {"name": "negative", "link": 6},
                    {"name": "latent_image", "link": 2},
                ],
                "widgets_values": [156, "randomize", 20, 8, "dpmpp_2m", "karras", 1],
            },
        ],
        "links": [
            [4, 6, 0, 3, 1, "CONDITIONING"],
            [6, 7, 0, 3, 2, "CONDITIONING"],
            [2, 5, 0, 3, 3, "LATENT"],
        ],
    }
)

SWARMUI = json.dumps(
    {
        "sui_image_params": {
            "prompt": "an owl",
            "negativeprompt": "fog",
            "model": "x",
            "images": 1,
            "seed": 5,
            "steps": 20,
            "cfgscale": 7.0,
            "aspectratio": "1:1",
            "width": 1024,
            "height": 1024,
            "sampler": "euler",
            "scheduler": "normal",
            "swarm_version": "0.9",
        },
        "sui_extra_data": {"date": "2024-01-02"},
    }
)

INVOKEAI = json.dumps(
    {
        "generation_mode": "sdxl_txt2img",
        "positive_prompt": "an owl++",
        "negative_prompt": "fog",
        "width": 1024,
        "height": 768,
        "seed": 5,
        "rand_device": "cpu",
        "cfg_scale": 7.5,
        "steps": 30,
        "scheduler": "euler_a",
        "model": {"key": "a", "name": "x"},
        "loras": [{"model": {"name": "ink"}, "weight": 0.75}],
        "app_version": "5.0",
    }
)

FOOOCUS = json.dumps(
    {
        "adm_guidance": "(1.5, 0.8, 0.3)",
        "base_model": "jug",
        "guidance_scale": 4,
        "lora_combined_1": "ink.safetensors : 0.5",
        "negative_prompt": "fog",
        "performance": "Speed",
        "prompt": "an owl",
        "resolution": "(1152, 896)",
        "sampler": "dpmpp_2m_sde_gpu",
        "scheduler": "karras",
        "seed": "12",
        "sharpness": 2,
        "steps": 30,
        "styles": "['Fooocus V2']",
        "version": "Fooocus v2.5",
    }
)

NOVELAI = json.dumps(
    {
        "prompt": "{{kawaii}}, [owl]",
        "steps": 28,
        "height": 1216,
        "width": 832,
        "scale": 5.0,
        "uncond_scale": 0,
        "cfg_rescale": 0,
        "seed": 5,
        "n_samples": 1,
        "noise_schedule": "karras",
        "sampler": "k_euler_ancestral",
        "uc": "lowres, {bad}",
        "v4_prompt": {"caption": {"base_caption": "x"}},
    }
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (
            A1111,
            (
                "1girl, (masterpiece:1.2) --ar 2:3 --seed 12 --no lowres, (bad hands:1.4), "
                "EasyNegative --cfg 7 --steps 28 --sampler DPM++ 2M Karras"
            ),
        ),
        (
            " ".join(A1111.split()),
            (
                "1girl, (masterpiece:1.2) --ar 2:3 --seed 12 --no lowres, (bad hands:1.4), "
                "EasyNegative --cfg 7 --steps 28 --sampler DPM++ 2M Karras"
            ),
        ),
        (
            "an owl\nNegative prompt: fog\nSteps: 20\nSampler: Euler a\nCFG scale: 7\nSeed: 5",
            "an owl --seed 5 --no fog --cfg 7 --steps 20 --sampler Euler a",
        ),
        (
            "an owl Negative prompt: fog Steps: 20 Sampler: Euler a CFG scale: 7 Seed: 5 --tile",
            "an owl --seed 5 --no fog --cfg 7 --steps 20 --sampler Euler a --tile",
        ),
        (
            "**Prompt:** an owl\n**Negative prompt:** fog\n- **Steps:** 20\n- **Model:** x",
            "an owl --no fog --steps 20",
        ),
        ("* Steps: 20\n* Seed: 5\n* Prompt: an owl", "an owl --seed 5 --steps 20"),
        ("an owl\nUndesired content: fog", "an owl --no fog"),
        (
            COMFYUI_API,
            (
                "beautiful (scenery:1.2) nature --ar 2:3 --seed 8 --no text, watermark --cfg 8 "
                "--steps 20 --sampler Euler a --batch 1 --lora ink:0.8 --weighting comfyui"
            ),
        ),
        (
            COMFYUI_PLACES,
            (
                "an owl --ar 2:1 --seed 156 --no text, watermark --cfg 8 --steps 20 "
                "--sampler DPM++ 2M Karras --batch 1"
            ),
        ),
        (
            SWARMUI,
            "an owl --ar 1:1 --seed 5 --no fog --cfg 7 --steps 20 --sampler Euler --batch 1",
        ),
        (
            INVOKEAI,
            (
                "an ((owl)) --ar 4:3 --seed 5 --no fog --cfg 7.5 --steps 30 --sampler Euler a "
                "--lora ink:0.75"
            ),
        ),
        (
            FOOOCUS,
            (
                "an owl --ar 9:7 --seed 12 --no fog --cfg 4 --steps 30 "
                "--sampler DPM++ 2M SDE Karras --lora ink:0.5"
            ),
        ),
        (
            NOVELAI,
            (
                "(kawaii:1.1025), (owl:0.9523809524) --ar 13:19 --seed 5 --no lowres, (bad:1.05) "
                "--cfg 5 --steps 28 --sampler Euler a --batch 1"
            ),
        ),
    ],
)
def test_settings_become_flags(typed: str, meant: str) -> None:
    assert parse(typed).spelling == meant


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (A1111, "Model hash, Model, Clip skip, Lora hashes, Version"),
        (COMFYUI_API, "ckpt_name"),
        (SWARMUI, "model, swarm_version"),
        (INVOKEAI, "generation_mode, rand_device, model, app_version"),
        ("an owl\nSteps: 20, Sampler: PLMS, Seed: 5", "Sampler"),
    ],
)
def test_what_means_nothing_here_is_told(typed: str, told: str) -> None:
    assert f"Left out `{told}`: there is nothing like it here." in parse(typed).notes


@pytest.mark.parametrize(
    "typed",
    [
        "an owl, resolution: high, style: oil",
        "the steps: 20, then a negative: no",
        "a diagram with Seed: apple and Size: big",
        "a sign saying 'Steps: 5'",
    ],
)
def test_words_with_colons_are_words(typed: str) -> None:
    assert translate(typed) == (typed, ())
