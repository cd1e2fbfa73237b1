"""Commands on universes: what an option changes in the file or the report."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

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


@pytest.mark.parametrize("save", [False, True])
def test_first_crossings(command: Command, universes: list[Universe], save: bool) -> None:
    options = ("--save", "figures") if save else ()
    code, out, _ = command("stats", universes[0].path, "--first-crossing", "--json", *options)
    assert code == 0
    report = json.loads(out)
    assert report["figures"]["crossing"]["kind"] == "Row"
    assert {"never.eps", "never.sheth_tormen"} <= {number["key"] for number in report["numbers"]}
    assert Path("figures/crossing.png").exists() == save
