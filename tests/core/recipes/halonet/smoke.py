"""The recipe at the size of a test."""

from __future__ import annotations

from core.config import read_table, resolve
from core.recipes.halonet.recipe import HaloNet
from core.runs import registry


def smoke(*overrides: str) -> HaloNet:
    settings = resolve(registry.load("halonet"), read_table("halonet", "smoke"), list(overrides))
    assert isinstance(settings, HaloNet)
    return settings
