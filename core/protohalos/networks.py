"""The settings of networks that several recipes on the initial lattice use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field as Setting

from core.config import Settings

if TYPE_CHECKING:
    from models.vnet import VNet


class VNetSettings(Settings):
    """The V-Net. The paper's best has 5 levels of 16, 32, ... 512 filters."""

    levels: int = Setting(5, ge=1, le=8)
    """Halvings of the resolution."""
    filters: int = Setting(16, ge=1)
    """Filters at full resolution, doubling with each level."""
    kernel: Literal[3, 5, 7] = 5
    """Side of the convolutions in cells."""
    depth: int = Setting(3, ge=1)
    """Convolutions in a residual block below the input level."""
    dropout: float = Setting(0.0, ge=0, lt=1)
    """Dropout after the inner resampling layers once the stages of pretraining are over."""
    padding: Literal["zeros", "circular"] = "zeros"
    """What lies beyond the border of a crop; circular is exact when the crop is the whole periodic box."""
    batch_norm: bool = False
    """Normalise each batch before the activations."""

    def build(self, inputs: int, outputs: int = 2) -> VNet:
        """The network, its weights drawn from torch's generator."""
        from models.vnet import VNet

        return VNet(
            self.levels,
            self.filters,
            self.kernel,
            self.depth,
            inputs,
            outputs,
            padding=self.padding,
            norm=self.batch_norm,
        )
