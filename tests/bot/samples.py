"""Jobs and recipes for tests."""

from datetime import UTC, datetime
from typing import Any

from generation.recipe import Phrase, Recipe, seed_noise
from storage.queue.jobs import Job
from tests.recipes import make


def recipe(prompt: str = "a red apple", **changes: Any) -> Recipe:
    """A recipe of four pictures."""
    values: dict[str, Any] = {
        "family": "easel",
        "model": "easel-1",
        "prompt": prompt,
        "phrases": (Phrase(text=prompt),),
        "width": 128,
        "height": 128,
        "noise": seed_noise(7, 4),
        "steps": 12,
        "guidance": 4.0,
        "sampler": "DPM++ 2M Karras",
    }
    return make(**{**values, **changes})


def job(**changes: Any) -> Job:
    """A job that was accepted a moment ago."""
    values: dict[str, Any] = {
        "id": "0123456789abcdef" * 2,
        "recipe": recipe().to_json(),
        "title": "imagine",
        "person_id": 42,
        "channel_id": 1,
        "application_id": 2,
        "upload_limit": 10 * 2**20,
        "state": "queued",
        "failure": None,
        "attempts": 0,
        "worker": None,
        "created_at": datetime.now(UTC),
        "started_at": None,
        "finished_at": None,
        "delivered_at": None,
        "delivered_message_id": None,
        "images": (),
    }
    return Job(**{**values, **changes})
