"""Particles of binary snapshots, read by pynbody: GADGET-1/2, tipsy, RAMSES."""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.formats.reader import RawParticles
from core.errors import HalodeckError, InputError


def read_particles(path: Path, load: Callable[[], Any], total_matter: bool, numbered: bool = True) -> RawParticles:
    """The arrays of what `load` opens; `numbered` formats have ids. Raises: InputError."""
    try:
        with _quiet():
            return _arrays(path, load(), total_matter, numbered)
    except HalodeckError:
        raise
    except Exception as error:  # pynbody raises anything for files that are not as it expects
        raise InputError(f"{path} cannot be read ({error})", "check how it was written") from error


def _arrays(path: Path, simulation: Any, total_matter: bool, numbered: bool) -> RawParticles:
    dark = simulation.dm
    keys = dark.loadable_keys()
    ids = None
    if numbered and "iord" in keys:
        ids = np.asarray(dark["iord"])
        if ids.dtype == np.int32:
            # pynbody reads GADGET's unsigned ids as signed
            ids = ids.view(np.uint32)
        ids = ids.astype(np.int64)
    total_mass = None
    with contextlib.suppress(KeyError, OSError):  # a file may hold no masses at all
        masses = np.asarray(dark["mass"])
        if masses.max() > masses.min() * (1 + 1e-4):
            raise InputError(f"{path} has dark matter particles of different masses", "zoom simulations cannot be used")
        total_mass = float(np.sum(np.asarray(simulation["mass"]), dtype=np.float64)) or None
    velocities = np.asarray(dark["vel"]) if "vel" in keys else None
    matter = None
    if total_matter:
        if total_mass is None:
            raise InputError(f"{path} holds no masses", "its total matter cannot be painted")
        matter = np.asarray(simulation["pos"]), np.asarray(simulation["mass"])
    return RawParticles(np.asarray(dark["pos"]), velocities, ids, total_mass, matter)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep pynbody's logs and warnings to itself, and its eyes off a config.ini that happens to lie here."""
    if "pynbody" not in sys.modules and (spec := find_spec("pynbody")) and spec.origin:
        with contextlib.chdir(Path(spec.origin).parents[1]), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module("pynbody")
    logging.getLogger("pynbody").setLevel(logging.CRITICAL)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
