"""Universes of one field, from cubes made by others, and of a linear field with the Peak Patch halos found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cosmos.box import Catalogue
from core.cosmos.formats.cubes import Cube, read_cube
from core.cosmos.formats.given import Given
from core.cosmos.formats.names import told_by_name
from core.cosmos.formats.recognise import recognise
from core.cosmos.formats.spheres import Spheres, read_spheres
from core.cosmos.imports.origin import sources
from core.cosmos.simulate import Evolution, check_evolution, evolve
from core.cosmos.universe import Universe, write_universe
from core.errors import InputError, UsageError
from core.files import checksum
from core.progress import Progress, part, silent


def import_cube(
    path: Path,
    output: Path,
    given: Given,
    name: str | None = None,
    dataset: str | None = None,
    cells: int | None = None,
    halos: Path | None = None,
    provenance: Mapping[str, Any] | None = None,
    other: Path | None = None,
    escape_fraction: float | None = None,
) -> Universe:
    """Make a universe of one field: a cube in any format that is read; options as for formats.cubes.read_cube.

    With `other`, a cube of the same box whose name or file says what it holds, of two fields. A label of cubes in
    reionization is their `escape_fraction`, which the name of a file may say too.
    With the Peak Patch catalogue `halos` (.pksc) of a linear field, also of them: peakpatch and label_peakpatch.
    Raises: InputError for what is no cube or says too little, or for halos of another field; UsageError for halos that
    are no Peak Patch spheres, or a field that is not linear.
    """
    cube = read_cube(path, given, name or ("delta_linear" if halos else None), dataset, cells)
    fields, catalogues, told = [cube.field], dict[str, Catalogue](), dict[str, Any]()
    cubes = [cube]
    if other:
        cubes.append(read_cube(other, given.of_final(cube.field.redshift), None, None, cells))
        second = cubes[1].field
        if second.name == cube.field.name:
            raise UsageError(f"{path} and {other} both hold {second.name}", "give two different fields")
        if second.redshift != cube.field.redshift:
            raise InputError(
                f"{path} is at z = {cube.field.redshift:g}, {other} at {second.redshift:g}", "bring them in one by one"
            )
        fields = [cube.field, second]
    if escape_fraction is None:
        escape_fraction = next(
            (f for item in cubes if (f := told_by_name(item.source).escape_fraction) is not None), None
        )
    labels = {} if escape_fraction is None else {"escape_fraction": escape_fraction}
    if halos:
        spheres = _spheres(halos, cube, given)
        fields, catalogues = [*fields, spheres.label], {"peakpatch": spheres.catalogue}
        told["halos"] = {
            "sources": [{"path": str(halos), "sha256": checksum(halos)}],
            "definition": spheres.catalogue.definition,
            "labels": "every cell to the Lagrangian sphere its centre lies in",
            "repairs": list(spheres.repairs),
        }
    return write_universe(
        output,
        name=output.stem,
        box_size=cube.field.box_size,
        cosmology=cube.known.cosmology,
        fields=fields,
        catalogues=catalogues,
        provenance={
            **(provenance or {}),
            "sources": [source for item in cubes for source in sources(item.parts, format=item.format)],
            "given": given.stated() | ({"dataset": dataset} if dataset else {}) | labels,
            "repairs": list(cube.repairs),
            **told,
        },
    )


def _spheres(path: Path, cube: Cube, given: Given) -> Spheres:
    if (found := recognise(path).kind) != "pksc":
        raise UsageError(f"{path} ({found}) holds no Peak Patch spheres", "give a .pksc, or snapshots with the halos")
    if cube.field.name != "delta_linear":
        raise UsageError(
            f"{path} lies in a linear field, not in {cube.field.name}", "give one, with --field delta_linear"
        )
    return read_spheres(path, cube.field, cube.known.cosmology, given.length_unit or "Mpc")


def evolve_cube(
    path: Path,
    output: Path,
    given: Given,
    evolution: Evolution,
    dataset: str | None = None,
    cells: int | None = None,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Universe:
    """Make a universe of a linear density at z = 0 in a cube, evolved by our own N-body.

    Raises: as `import_cube`; UsageError for settings of the evolution.
    """
    progress(0.0, f"reading {path.name}")
    cube = read_cube(path, given, "delta_linear", dataset, cells)
    check_evolution(evolution, cube.field.cells)
    fields, catalogues = evolve(cube.field, cube.known.cosmology, evolution, part(progress, 0.05, 0.95))
    progress(0.95, f"writing {output.name}")
    return write_universe(
        output,
        name=output.stem,
        box_size=cube.field.box_size,
        cosmology=cube.known.cosmology,
        fields=[cube.field, *fields],
        catalogues=catalogues,
        provenance={
            **(provenance or {}),
            "sources": sources(cube.parts, format=cube.format),
            "given": given.stated() | ({"dataset": dataset} if dataset else {}),
            "linear_field": "as the cube has it",
            "repairs": list(cube.repairs),
            "settings": asdict(evolution),
        },
    )
