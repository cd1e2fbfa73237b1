"""Commands on universes: what an option changes in the file or the report."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.cosmos.cosmology import CRITICAL_DENSITY
from core.cosmos.formats.readers.pksc import write_pksc
from core.cosmos.universe import Universe, open_universe

Command = Callable[..., tuple[int, str, str]]

SMALL = ("--cells", 16, "--box", 16, "--steps", 2, "--minimum-particles", 8, "--device", "cpu", "--out", ".")


def test_simulate_with_2lpt(command: Command) -> None:
    code, out, _ = command("simulate", *SMALL, "--with-2lpt")
    assert code == 0
    (path,) = Path().glob("*.h5")
    assert out.startswith(str(path))
    assert {"density_2lpt", "displacement_2lpt"} <= set(open_universe(path).fields)
    code, _, err = command("simulate", *SMALL)
    assert code != 0
    assert "exists with other settings" in err
    code, out, _ = command("stats", path, "--field", "density_2lpt")
    assert code == 0
    assert "density_2lpt at z = 0, eulerian" in out


def test_import_of_a_linear_field_with_its_halos(command: Command) -> None:
    assert command("simulate", "--cells", 32, "--box", 32, "--truth", "peakpatch", "--out", "made")[0] == 0
    (made,) = (open_universe(path) for path in Path("made").glob("*.h5"))
    np.save("delta.npy", np.array(made.field("delta_linear").values))
    write_pksc(Path("halos.pksc"), made.catalogue("peakpatch"), made.cosmology)
    given = ("--halos", "halos.pksc", "--cosmology", "planck2018", "--box-size", 32, "--out", "u.h5")
    code, out, _ = command("import", "delta.npy", *given)
    assert code == 0
    assert "field delta_linear" in out
    universe = open_universe(Path("u.h5"))
    assert universe.halos == made.halos
    label, expected = (u.field("label_peakpatch").values for u in (universe, made))
    assert np.mean(label != expected) < 1e-3
    code, _, err = command("import", "halos.pksc", "--out", "v.h5")
    assert code != 0
    assert err.strip() == (
        "halodeck: halos.pksc holds Peak Patch halos: give it by --halos, after the linear field they are of"
    )


def test_import_of_halos_with_a_list_of_their_members(command: Command) -> None:
    place = np.stack(np.meshgrid(*[np.arange(16.0)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = np.flatnonzero((place < 3).all(axis=1))
    place[inside] = 1 + 0.1 * (place[inside] - 1)
    numbers = {"box_size": 16.0, "redshift": 0.0, "omega_matter": 0.3, "h": 0.7}
    np.savez("snap.npz", position=place, id=np.arange(100, 16**3 + 100), **numbers)  # type: ignore[arg-type]
    mass = 27 * 0.3 * CRITICAL_DENSITY
    Path("halos.csv").write_text(f"id,mass [Msun/h],x [Mpc/h],y [Mpc/h],z [Mpc/h]\n7,{mass},1,1,1\n")
    Path("who.csv").write_text("\n".join(["halo,particle", *(f"7,{100 + index}" for index in inside)]) + "\n")
    given = ("--evolved", "--omega-baryon", 0.05, "--sigma8", 0.8, "--spectral-index", 0.96, "--members", "who.csv")
    code, _, err = command("import", "snap.npz", *given, "--out", "u.h5")
    assert code != 0
    assert err.strip() == ("halodeck: --members lists who is in the --halos of a snapshot: give both, or leave it out")
    code, out, err = command("import", "snap.npz", *given, "--halos", "halos.csv", "--out", "u.h5")
    assert code == 0, err
    assert "the ids in who.csv" in out
    catalogue = open_universe(Path("u.h5")).catalogue()
    assert (list(catalogue["id"]), list(catalogue["count"])) == ([7], [27])


@pytest.mark.parametrize("save", [False, True])
def test_first_crossings(command: Command, universes: list[Universe], save: bool) -> None:
    options = ("--save", "figures") if save else ()
    code, out, _ = command("stats", universes[0].path, "--first-crossing", "--json", *options)
    assert code == 0
    report = json.loads(out)
    assert report["figures"]["crossing"]["kind"] == "Row"
    assert {"never.eps", "never.sheth_tormen"} <= {number["key"] for number in report["numbers"]}
    assert Path("figures/crossing.png").exists() == save
