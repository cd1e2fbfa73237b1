"""An untrained network that is ready for reports."""

from __future__ import annotations

import pytest
import torch

from core.cosmos.universe import Universe
from core.learning.learner import Network
from tests.core.recipes.halonet.smoke import smoke


@pytest.fixture
def learner(universes: list[Universe]) -> Network:
    """An untrained network that knows what the report needs."""
    settings = smoke()
    made = settings.learner(torch.device("cpu"))
    made.constants.update(settings.samples(universes, torch.device("cpu")).constants)
    settings.finish(made, universes)
    return made
