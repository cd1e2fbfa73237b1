"""Which particle belongs to which halo of a catalogue: by the ids the catalogue lists, or by the nearest radius."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.cosmos.box import Array, Catalogue, Particles, nearest_image, wrap
from core.cosmos.formats import proof
from core.cosmos.formats.catalogues import HaloFile, distinct, with_radii
from core.cosmos.formats.members import read_members
from core.cosmos.formats.reader import Members
from core.cosmos.formats.registry import reader_of
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


def assign(
    path: Path, halos: HaloFile, particles: Particles, progress: Progress = silent, beside: Path | None = None
) -> Membership:
    """Labels of a snapshot's particles from a catalogue of the same moment, its distinct halos only.

    Members are those in the file `beside`, those that the catalogue lists, or the particles within the halos' radii.
    Raises: InputError for members that are not in the snapshot, or do not lie where their halos are.
    """
    halos = distinct(halos)
    mean_density = particles.particle_mass * len(particles) / particles.box_size**3
    progress(0.0, "members of halos")
    members = _listed(path, beside)
    own = np.ones(len(particles), bool)
    kind = "stated" if members or "radius" in halos.catalogue else "by mass"
    if members is None:
        halos, labels = _by_radius(path, halos, particles, mean_density)
        whose = "the catalogue's" if kind == "stated" else "200 times the mean density in its mass:"
        source = f"every particle to the halo nearest in units of its radius ({whose} radius), if within it"
        repairs = list(halos.repairs)
    else:
        source, repairs = members.source, list(halos.repairs)
        found, rows, of_subhalo = _found(beside or path, members, halos, particles)
        labels, shared = _first_owner(found, rows, len(particles))
        own[found[of_subhalo]] = False
        if shared:
            repairs.append(f"{shared} particles of several halos given to the heaviest")
        _check_places(path, labels, halos.catalogue, particles, mean_density)
    labels, catalogue, empty = present(labels, halos.catalogue)
    if len(catalogue) == 0:
        raise InputError(f"{path}: no particle lies in any of its halos", "give the catalogue of this snapshot")
    if empty:
        repairs.append(f"{empty} halos without particles left out")
    # the mass of a halo listed without its subhalos is that of its own particles
    proof.check_median(path, np.where(own, labels, 0), catalogue["mass"], particles.particle_mass, kind)
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


def _listed(path: Path, beside: Path | None) -> Members | None:
    """Who is in which halo: by the user's file, or as the format of the catalogue lists it."""
    if beside is not None:
        return read_members(beside)
    known = reader_of(path, "halos")
    return known[0].members(path) if known and known[0].members else None


def _found(path: Path, members: Members, halos: HaloFile, particles: Particles) -> tuple[Array, Array, Array]:
    """Index into the particles, row of the catalogue, and whether it stands with a subhalo alone, of each member."""
    if members.by_id:
        rows = own = _rows_of_ids(path, members.halos, halos)
    else:
        row_of_place = np.full(halos.header.count, -1)
        row_of_place[halos.rows] = np.arange(len(halos.rows))
        rows = own = row_of_place[members.halos]
        if not members.nested and halos.hosts is not None:
            rows = np.where(halos.hosts < 0, -1, row_of_place[halos.hosts])[members.halos]
    kept = rows >= 0  # not those of halos left out
    if members.particles is not None:
        return _find(path, members.particles[kept], particles.ids), rows[kept], own[kept] < 0
    if len(rows) > len(particles):
        raise InputError(f"{path} has {len(rows)} members, the snapshot {len(particles)} particles", "give its own")
    return np.flatnonzero(kept), rows[kept], own[kept] < 0


def _rows_of_ids(path: Path, ids: Array, halos: HaloFile) -> Array:
    """The row of the halo of each id; -1 for one that is not in the catalogue."""
    if "id" not in halos.catalogue:
        raise InputError(f"{path} names halos by id, the catalogue has none", "give it a column `id`")
    known = halos.catalogue["id"]
    order = np.argsort(known)
    rows = order[np.searchsorted(known, ids, sorter=order).clip(max=len(order) - 1)]
    return np.where(known[rows] == ids, rows, -1)


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


def _first_owner(members: Array, rows: Array, count: int) -> tuple[Array, int]:
    """Labels (count,), and how many particles stood in several halos: they go to the heaviest, the first row."""
    order = np.lexsort((rows, members))
    members, rows = members[order], rows[order]
    first = np.ones(len(members), dtype=bool)
    first[1:] = members[1:] != members[:-1]
    changes = ~first
    changes[1:] &= rows[1:] != rows[:-1]
    labels = np.zeros(count, np.int32)
    labels[members[first]] = rows[first] + 1
    return labels, len(np.unique(members[changes]))


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
