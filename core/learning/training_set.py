"""The universes of a training: how they are divided, what they must share, their crops, and whether they fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import Field as Setting

from core.config import Settings
from core.cosmos.universe import Universe
from core.errors import InputError
from core.learning.boxes import Pair as Pair
from core.learning.boxes import Place
from core.progress import Progress

if TYPE_CHECKING:
    import torch

    from core.learning.samples import Crops

T = TypeVar("T")


@dataclass(frozen=True)
class Parts(Generic[T]):
    """What is trained on, looked at meanwhile, and kept for the report."""

    training: list[T]
    validation: list[T]
    test: list[T]

    @property
    def used(self) -> list[T]:
        """All that a training looks at."""
        return [*self.training, *self.validation]


class Split(Settings):
    """Which universes are kept from training: whole ones, the last of the list."""

    validation: int = Setting(1, ge=1)
    """Universes that are judged while training."""
    test: int = Setting(1, ge=1)
    """Universes that are seen for the first time in the report."""

    def parts(self, items: Sequence[T], what: str = "universes") -> Parts[T]:
        """The items divided: those of the report last, those of validation before. Raises: InputError for too few."""
        needed = self.validation + self.test + 1
        if len(items) < needed:
            given = f"1 {what.removesuffix('s')} leaves" if len(items) == 1 else f"{len(items)} {what} leave"
            raise InputError(
                f"{given} none to train on ({self.validation} validate, {self.test} test)",
                f"give at least {needed}",
            )
        end = len(items) - self.test
        start = end - self.validation
        return Parts(list(items[:start]), list(items[start:end]), list(items[end:]))


class CropSettings(Settings):
    """What a network sees at once, in cells."""

    size: int = Setting(128, ge=0)
    """Side of the part of a training crop that is judged; 0 is the whole box."""
    context: int = Setting(0, ge=0)
    """Cells beyond each side of it that are seen but not judged."""
    batch: int = Setting(3, ge=1)
    """Crops a step."""
    validation: int = Setting(0, ge=0)
    """Crops of a validation at most, spread evenly over the validation universes; 0 is all of them."""

    def side(self, cells: int) -> int:
        """Cells per side of what the network sees of a box of so many cells, the context among them; 0: unknown."""
        size = self.size or cells
        return size + 2 * self.context if size else 0


class TiledCropSettings(CropSettings):
    """What a network sees at once, in cells, while it learns and when it predicts."""

    tile: int = Setting(128, ge=0)
    """Side of the tiles of a prediction; 0 is the whole box."""
    buffer: int = Setting(32, ge=0)
    """Cells on each side of a tile that are thrown away: tiles overlap by twice as many."""

    def over_box(
        self, function: Callable[[torch.Tensor], torch.Tensor], values: torch.Tensor, progress: Progress
    ) -> torch.Tensor:
        """`tiling.over_box` with these tiles: a function over fields (channels, n, n, n)."""
        from core.learning.tiling import over_box

        tile, buffer = (self.tile, self.buffer) if self.tile else (values.shape[-1], 0)
        return over_box(function, values, tile, buffer, progress)


def crops_of(
    parts: Parts[Universe],
    pair: Callable[[Universe], Pair],
    crop: CropSettings,
    seed: int,
    constants: dict[str, float],
    device: torch.device,
    place: Place = "device",
    key: str = "",
    **turned: Any,
) -> Crops:
    """Crops of what `pair` makes of every universe, kept at a place; `turned` tells `Crops` how they are turned.

    `key` holds all that `pair` depends on besides the universe, for what is kept on disk.
    """
    from core.cosmos.identity import identity
    from core.learning.boxes import stored
    from core.learning.samples import Crops

    def kept(universe: Universe) -> Pair:
        name = f"{identity(universe)} {key} {sorted(constants.items())}"
        return stored(lambda: pair(universe), place, device, name)

    size = crop.size or parts.training[0].cells
    training, validation = [kept(universe) for universe in parts.training], [kept(u) for u in parts.validation]
    elsewhere = None if place == "device" else device
    return Crops(
        training,
        validation,
        size,
        crop.context,
        crop.batch,
        seed,
        constants,
        device=elsewhere,
        most_validated=crop.validation,
        **turned,
    )


def check_cell_sizes(universes: Sequence[Universe]) -> None:
    """Refuse to mix cell sizes. Raises: InputError."""
    sizes = {round(universe.box_size / universe.cells, 6) for universe in universes}
    if len(sizes) > 1:
        raise InputError(
            f"the universes have cells of {', '.join(f'{size:g}' for size in sorted(sizes))} Mpc/h",
            "train on one cell size",
        )


def check_crop(crop: CropSettings, cells: int) -> None:
    """Refuse crops larger than a box of so many cells: parts of it would be judged many times. Raises: InputError."""
    if crop.size > cells:
        raise InputError(
            f"crop.size={crop.size} is larger than a universe of {cells}^3 cells",
            f"set crop.size={cells}, or 0 for the whole box",
        )


def check_tiles(crop: TiledCropSettings, levels: int, cells: int, network: str = "network") -> None:
    """Refuse crops and tiles of a box of so many cells that a network cannot halve so often. Raises: InputError.

    `network` names the group of its settings.
    """
    if crop.tile and crop.tile <= 2 * crop.buffer:
        raise InputError(
            f"crop.buffer of {crop.buffer} cells leaves nothing of a crop.tile of {crop.tile}", "make the tile larger"
        )
    check_crop(crop, cells)
    factor = 2**levels
    seen = {"crop.size": (crop.size or cells) + 2 * crop.context, "crop.tile": crop.tile or cells}
    for what, side in seen.items():
        if side % factor:
            raise InputError(
                f"{what} sees {side} cells, which {levels} levels cannot halve",
                f"choose a multiple of {factor} or fewer {network}.levels",
            )


def check_memory(
    learning: Callable[[int, int], int],
    crop: CropSettings,
    levels: int,
    universes: Sequence[Universe],
    cell_bytes: int,
    device: torch.device,
    network: str = "network",
) -> Place:
    """Where the universes fit beside the training, of every cell `cell_bytes`; training that fits nowhere is refused.

    `learning(batch, size)` tells the bytes of training on crops of this side, of which `levels` halvings leave some.
    Raises: ResourceError with a batch and a crop size that fit.
    """
    from core.learning.boxes import place_for
    from core.learning.memory import check_fits, free_on

    stored = cell_bytes * sum(universe.cells**3 for universe in universes)
    batch, size, factor = crop.batch, crop.size or universes[0].cells, 2**levels
    check_fits(
        learning,
        ("crop.batch", "crop.size"),
        (batch, size),
        # two cells a side at the deepest level: of a single one a batch cannot be normalised
        [*((b, size) for b in range(batch - 1, 0, -1)), *((1, s) for s in range(size - factor, factor, -factor))],
        f"choose fewer {network}.filters",
        device,
    )
    return place_for(stored, learning(batch, size), free_on(device), device)
