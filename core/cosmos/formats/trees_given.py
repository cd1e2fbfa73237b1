"""What a user says of a simulation because its merger trees do not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.cosmos.box import Array
from core.cosmos.cosmology import Cosmology
from core.cosmos.formats.header import unreadable
from core.cosmos.trees import RawTrees
from core.errors import InputError

_OPTIONS = {
    "omega_matter": "--omega-matter",
    "h": "--h",
    "box_size": "--box-size [Mpc/h]",
    "particle_mass": "--particle-mass [Msun/h]",
    "times": "--times, a file with the redshift or scale factor of every snapshot in a line of its own",
}


@dataclass(frozen=True)
class Told:
    """Stated by option; None for what was not."""

    omega_matter: float | None = None
    h: float | None = None
    box_size: float | None = None
    """Side of the box [Mpc/h]."""
    particle_mass: float | None = None
    """Mass of a particle [Msun/h]."""
    times: Path | None = None
    """The file of the redshifts or scale factors of all snapshots."""

    def require(self, path: Path, *names: str) -> None:
        """Raises: InputError that names every option still needed for the trees of a file."""
        if missing := [_OPTIONS[name] for name in names if getattr(self, name) is None]:
            raise InputError(f"{path} does not say all that is needed", f"give {', '.join(missing)}")

    def cosmology(self) -> Cosmology:
        """The cosmology that was stated, as far as trees need it."""
        assert self.omega_matter is not None
        assert self.h is not None
        return Cosmology(self.omega_matter, 0.0, self.h, 0.0, 0.0)

    def completed(self, raw: RawTrees) -> RawTrees:
        """Trees that speak for themselves. Raises: InputError where they and the options differ."""
        stated = {
            "omega_matter": raw.cosmology.omega_matter,
            "h": raw.cosmology.h,
            "box_size": raw.box_size,
            "times": "its own scale factors",
        }
        for name, theirs in stated.items():
            ours = getattr(self, name)
            if ours is None or not theirs or (name != "times" and abs(ours / theirs - 1) < 1e-3):
                continue
            raise InputError(
                f"{raw.path} has {theirs if name == 'times' else f'{name} = {theirs:g}, not {ours:g}'}",
                f"leave {_OPTIONS[name].split()[0].rstrip(',')} out",
            )
        return raw if raw.box_size else replace(raw, box_size=self.box_size or 0.0)


def read_times(path: Path) -> Array:
    """Scale factors of all snapshots from a file of one number a line, the first snapshot first.

    The number of the snapshot, from 0 on, may stand before it. Rising numbers are scale factors, falling ones
    redshifts; lines that begin with # are passed over. Raises: InputError.
    """
    try:
        with path.open(encoding="ascii") as file:
            lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
        for number, words in enumerate(lines):
            if len(words) > 2 or (len(words) == 2 and words[0] != str(number)):
                raise ValueError(f"{' '.join(words)!r} in the place of snapshot {number}")
        numbers = np.array([float(words[-1]) for words in lines])
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise InputError(f"{path} is no list of numbers ({error})", "write one number a line") from error
    steps = np.diff(numbers)
    if len(numbers) < 2 or not (np.isfinite(numbers).all() and ((steps > 0).all() or (steps < 0).all())):
        raise InputError(
            f"{path} neither rises nor falls", "write the scale factor or redshift of every snapshot, the first first"
        )
    a = numbers if steps[0] > 0 else 1 / (1 + np.maximum(numbers, -0.5))
    if not ((a > 1e-3) & (a < 1.01)).all():
        raise InputError(f"{path} has scale factors that are not in (0.001, 1]", "correct it")
    return a


def times_of(snapshots: Array, a: Array, path: Path) -> Array:
    """Scale factors (n,) of halos from the numbers of their snapshots. Raises: InputError for a number beyond them."""
    snapshots = snapshots.astype(np.int64)
    if len(snapshots) and not 0 <= snapshots.min() <= snapshots.max() < len(a):
        wrong = snapshots.min() if snapshots.min() < 0 else snapshots.max()
        raise InputError(
            f"{path} has halos of snapshot {wrong}, but times of {len(a)} snapshots are known", "give the times of all"
        )
    return a[snapshots]


def check_box(position: Array, box_size: float, path: Path) -> Array:
    """The positions (n, 3). Raises: InputError for those outside the box: it or the unit of length is another."""
    if len(position) and not (-1e-3 * box_size <= position.min() <= position.max() <= 1.001 * box_size):
        farthest = max(position.max(), -position.min())
        raise InputError(
            f"{path} has halos at {farthest:g} Mpc/h, outside a box of {box_size:g} Mpc/h", "give its --box-size"
        )
    return position
