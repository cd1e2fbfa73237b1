"""Which particle belongs to which halo of a catalogue: by the ids the catalogue lists, or by the nearest radius."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from core.cosmos.box import Array, Catalogue, Particles, nearest_image, wrap
from core.cosmos.formats import proof
from core.cosmos.formats.catalogues import HaloFile, distinct, with_radii
from core.cosmos.formats.integers import integers
from core.cosmos.formats.readers import groups
from core.errors import InputError
from core.progress import Progress, silent

NEAR = 1.0
"""How far, in its radius, a halo's members may have their centre from where the catalogue puts it (median of halos)."""


@dataclass(frozen=True)
class Membership:
    """Labels of particles in the order of the snapshot (0 for none), and the halos they belong to: label h is row h-1.

    `source` says in words where the labels come from, `repairs` what was done on the way.
    """

    labels: Array
    catalogue: Catalogue
    source: str
    repairs: tuple[str, ...]


def assign(path: Path, halos: HaloFile, particles: Particles, progress: Progress = silent) -> Membership:
    """Labels of a snapshot's particles from a catalogue of the same moment, its distinct halos only.

    Raises: InputError for members that are not in the snapshot, or do not lie where their halos are.
    """
    halos = distinct(halos)
    mean_density = particles.particle_mass * len(particles) / particles.box_size**3
    progress(0.0, "members of halos")
    listed = _listed(path, halos, particles)
    kind = "stated" if listed or "radius" in halos.catalogue else "by mass"
    if listed is None:
        halos, labels = _by_radius(path, halos, particles, mean_density)
        whose = "the catalogue's" if kind == "stated" else "200 times the mean density in its mass:"
        source = f"every particle to the halo nearest in units of its radius ({whose} radius), if within it"
        repairs = list(halos.repairs)
    else:
        labels, shared, source = _first_owner(*listed, len(particles))
        repairs = list(halos.repairs)
        if shared:
            repairs.append(f"{shared} particles of several halos given to the heaviest")
        _check_places(path, labels, halos.catalogue, particles, mean_density)
    labels, catalogue, empty = present(labels, halos.catalogue)
    if len(catalogue) == 0:
        raise InputError(f"{path}: no particle lies in any of its halos", "give the catalogue of this snapshot")
    if empty:
        repairs.append(f"{empty} halos without particles left out")
    proof.check_median(path, labels, catalogue["mass"], particles.particle_mass, kind)
    return Membership(labels, catalogue, source, tuple(repairs))


def _by_radius(path: Path, halos: HaloFile, particles: Particles, mean_density: float) -> tuple[HaloFile, Array]:
    """Labels by the nearest radius, and the halos that hold their mass: the others would take particles from them."""
    if "radius" in halos.catalogue:
        wrong = proof.unlike(halos.catalogue["mass"], halos.catalogue["radius"])
        proof.check_most(path, wrong)
        halos = without(halos, wrong, "whose mass and radius do not belong together")
    for _ in range(2):  # what a wrong one took is given back
        catalogue = halos.catalogue
        radii = with_radii(catalogue, mean_density)
        labels = nearest_radius(particles.positions, catalogue["position"], radii, particles.box_size)
        failed = proof.failing(labels, catalogue["mass"], particles.particle_mass)
        proof.check_most(path, failed)
        if not failed.any():
            break
        halos = without(halos, failed, "whose particles do not weigh what they should")
        labels, _, _ = present(np.where(np.append(False, failed)[labels], 0, labels), catalogue)
    return halos, labels


def without(halos: HaloFile, wrong: Array, why: str) -> HaloFile:
    """The halos without some, which the repairs name."""
    if not wrong.any():
        return halos
    columns = {name: values[~wrong] for name, values in halos.catalogue.columns.items()}
    repairs = (*halos.repairs, proof.dropped(halos.rows[wrong], why))
    return replace(halos, catalogue=replace(halos.catalogue, columns=columns), rows=halos.rows[~wrong], repairs=repairs)


def present(labels: Array, catalogue: Catalogue) -> tuple[Array, Catalogue, int]:
    """Labels numbered without gaps, the halos that have any, and how many have none."""
    kept = np.unique(labels[labels > 0])
    renumbered = np.zeros(len(catalogue) + 1, np.int32)
    renumbered[kept] = np.arange(1, len(kept) + 1)
    columns = {name: values[kept - 1] for name, values in catalogue.columns.items()}
    return renumbered[labels], replace(catalogue, columns=columns), len(catalogue) - len(kept)


def completed(theirs: Catalogue, ours: Catalogue, offset: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Catalogue:
    """A catalogue of others with what its members, measured as our own halos are, add to it.

    What both have stays theirs, but for the count, which is that of the labels, and the Lagrangian position and shape.
    Its positions are moved by -offset, with the lattice. `mass_corrected`, of friends of friends, is left out.
    """
    mean_density = float(ours["mass"][0] / (4 / 3 * np.pi * ours["lagrangian_radius"][0] ** 3))
    columns = {name: values for name, values in ours.columns.items() if name != "mass_corrected"}
    columns |= {name: values for name, values in theirs.columns.items() if name != "parent"}
    columns |= {
        "position": wrap((theirs["position"] - np.asarray(offset)).astype(np.float32), theirs.box_size),
        "count": ours["count"],
        "lagrangian_radius": (3 * theirs["mass"] / (4 * np.pi * mean_density)) ** (1 / 3),
    }
    units = {name: (ours.units | theirs.units).get(name, "") for name in columns}
    return replace(theirs, columns=columns, units=units)


def nearest_radius(positions: Array, centres: Array, radii: Array, box_size: float) -> Array:
    """Label of each particle (N,), int32: the halo whose centre is nearest in units of its radius, 0 beyond all radii.

    positions (N, 3), centres (H, 3), radii (H,) [Mpc/h], periodic.
    """
    from scipy.spatial import KDTree

    nearest = np.ones(len(positions))
    labels = np.zeros(len(positions), np.int32)
    tree = KDTree(positions, boxsize=np.full(3, box_size))
    for halo in range(len(centres)):
        members = np.asarray(tree.query_ball_point(centres[halo], radii[halo]), dtype=np.int64)
        separations = nearest_image(positions[members] - centres[halo], box_size)
        distance = np.linalg.norm(separations, axis=1) / radii[halo]
        closer = distance < nearest[members]
        nearest[members[closer]] = distance[closer]
        labels[members[closer]] = halo + 1
    return labels


def _listed(path: Path, halos: HaloFile, particles: Particles) -> tuple[Array, Array, str] | None:
    """Index into the particles and row of the catalogue of each member, and how they are known; None if not at all."""
    row_of_place = np.full(halos.header.count, -1)
    row_of_place[halos.rows] = np.arange(len(halos.rows))
    if halos.header.format == "subfind":
        members = groups.read_members(path)
        rows = row_of_place[np.repeat(np.arange(len(members.lengths)), members.lengths)]
        if members.ids is not None:
            return _find(path, members.ids, particles.ids), rows, "the ids of members in the catalogue"
        if len(rows) > len(particles):
            raise InputError(f"{path} has {len(rows)} members, the snapshot {len(particles)} particles", "give its own")
        return np.arange(len(rows)), rows, "the order of the snapshot, which is that of the groups"
    beside = {"ahf": ("_halos", "_particles"), "rockstar": (".ascii", ".particles")}.get(halos.header.format)
    if beside is None or not path.name.endswith(beside[0]):
        return None
    particle_file = path.with_name(path.name.removesuffix(beside[0]) + beside[1])
    if not particle_file.exists():
        return None
    read = _ahf_members if halos.header.format == "ahf" else _rockstar_members
    ids, halo_ids = read(particle_file)
    order = np.argsort(halos.catalogue["id"])
    places = np.searchsorted(halos.catalogue["id"], halo_ids, sorter=order).clip(max=len(order) - 1)
    rows = order[places]
    rows[halos.catalogue["id"][rows] != halo_ids] = -1  # members of subhalos, and of halos left out
    return _find(path, ids[rows >= 0], particles.ids), rows[rows >= 0], f"the ids in {particle_file.name}"


def _ahf_members(path: Path) -> tuple[Array, Array]:
    """Ids of dark matter particles and of their halos: for each halo `members id`, then lines of `particle type`."""
    ids, halos = [], []
    try:
        with path.open(encoding="ascii") as file:
            for line in file:
                words = line.split()
                if len(words) != 2:  # the number of halos, once for each file that was joined
                    continue
                count, halo = int(words[0]), int(words[1])
                lines = list(islice(file, count))
                if len(lines) != count or not lines:
                    raise InputError(f"{path} is cut off in halo {halo}", "copy or make it again")
                rows = _table(lines, np.int64)
                dark = rows[rows[:, 1] == 1, 0] if rows.shape[1] > 1 else rows[:, 0]
                ids.append(dark)
                halos.append(np.full(len(dark), halo))
    except ValueError as error:
        raise InputError(f"{path} is cut off or damaged ({error})", "copy or make it again") from error
    return _joined(ids), _joined(halos)


def _rockstar_members(path: Path) -> tuple[Array, Array]:
    """Ids of particles and of the halos in whose lists they stand (FULL_PARTICLE_CHUNKS of Rockstar)."""
    try:
        rows = _table(path, "U24", usecols=(6, 9))
        return integers(rows[:, 0]), integers(rows[:, 1])
    except ValueError as error:
        raise InputError(f"{path} is cut off or damaged ({error})", "copy or make it again") from error


def _table(source: Any, kind: Any, **options: Any) -> Array:
    """Rows of numbers (N, columns). Raises: ValueError, where there are none as well."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "loadtxt: input contained no data")
        rows = np.loadtxt(source, kind, ndmin=2, **options)
    if not rows.size:
        raise ValueError("it lists no members")
    return rows


def _joined(parts: list[Array]) -> Array:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _find(path: Path, wanted: Array, ids: Array) -> Array:
    """Index of each wanted id. Raises: InputError for those that are not there."""
    order = np.argsort(ids)
    places = order[np.searchsorted(ids, wanted, sorter=order).clip(max=len(ids) - 1)]
    missing = np.count_nonzero(ids[places] != wanted)
    if missing:
        raise InputError(
            f"{path}: {missing} of {len(wanted)} members are not in the snapshot", "give the catalogue of this snapshot"
        )
    return np.asarray(places)


def _first_owner(members: Array, rows: Array, source: str, count: int) -> tuple[Array, int, str]:
    """Labels (count,), and how many particles stood in several halos: they go to the heaviest, the first row."""
    members, rows = members[rows >= 0], rows[rows >= 0]
    order = np.lexsort((rows, members))
    members, rows = members[order], rows[order]
    first = np.ones(len(members), dtype=bool)
    first[1:] = members[1:] != members[:-1]
    changes = ~first
    changes[1:] &= rows[1:] != rows[:-1]
    labels = np.zeros(count, np.int32)
    labels[members[first]] = rows[first] + 1
    return labels, len(np.unique(members[changes])), source


def _check_places(path: Path, labels: Array, catalogue: Catalogue, particles: Particles, mean_density: float) -> None:
    """Members lie around their halos: else the catalogue is of another snapshot, or its order is another."""
    inside = np.flatnonzero(labels)
    if not len(inside):
        raise InputError(f"{path}: no particle lies in any of its halos", "give the catalogue of this snapshot")
    rows = labels[inside] - 1
    separations = nearest_image(particles.positions[inside] - catalogue["position"][rows], particles.box_size)
    count = np.bincount(rows, minlength=len(catalogue)).clip(min=1)
    centre = np.stack([np.bincount(rows, separations[:, axis], len(catalogue)) for axis in range(3)], axis=1)
    there = np.unique(rows)
    distance = np.linalg.norm(centre / count[:, None], axis=1) / with_radii(catalogue, mean_density)
    if (far := float(np.median(distance[there]))) > NEAR:
        raise InputError(
            f"{path}: the members of its halos lie {far:.3g} radii away from them",
            "give the catalogue of this snapshot",
        )
