"""The finder in other ways on probabilities whose halos are known."""

import numpy as np
import pytest

from core.analysis.protohalos import shapes, variants
from core.cosmos.box import Array, Catalogue, nearest_image
from core.figures import Table
from core.protohalos.calibration import Calibration
from core.protohalos.finder import ShellThreshold

CELLS, BOX, DENSITY = 32, 64.0, 2.0
CENTRES, RADII = np.array([[8.0, 8, 8], [8, 24, 24], [24, 8, 24]]), np.array([5.0, 4.0, 2.2])


def distances() -> list[Array]:
    grid = np.stack(np.meshgrid(*[np.arange(CELLS)] * 3, indexing="ij"), axis=-1)
    return [np.linalg.norm(nearest_image(grid - centre, CELLS), axis=-1) for centre in CENTRES]


def truth() -> Catalogue:
    count = np.array([np.count_nonzero(d < r) for d, r in zip(distances(), RADII, strict=True)])
    place = (2 * CENTRES).astype(np.float32)
    columns: dict[str, Array] = {
        "mass": count * DENSITY * 8.0,
        "position": place,
        "lagrangian_position": place,
        "lagrangian_radius": 2 * np.cbrt(3 * count / (4 * np.pi)),
    }
    return Catalogue(columns, BOX)


def measured(probability: Array, thresholds: tuple[float, ...] = (0.9, 0.6), levels: int = 2) -> Table:
    shell = ShellThreshold(0.0, 0.5, 0.0, 0.5)
    return variants.table([probability], [truth()], [DENSITY], Calibration(shell, levels), thresholds, 20)


def test_perfect_masks_are_found_in_every_way() -> None:
    mask = np.any([d < r for d, r in zip(distances(), RADII, strict=True)], axis=0).astype(np.float32)
    for name, *numbers in measured(mask).rows:
        assert numbers == [1.0, 1.0, 1.0, 1.0], name


def test_ways_differ_where_the_probability_does() -> None:
    heights = (0.95, 0.95, 0.4)
    sharp = zip(distances(), RADII, heights, strict=True)
    mask = np.max([h * (d < r) for d, r, h in sharp], axis=0).astype(np.float32)
    rows = {str(name): numbers for name, *numbers in measured(mask).rows}
    # the third halo lies below every threshold but the added ones, and its rim below P_shell
    assert rows["as in this report"][:2] == pytest.approx([2 / 3, 2 / 3])
    faint = ShellThreshold(0.0, 0.3, 0.0, 0.3)
    lower = variants.table([mask], [truth()], [DENSITY], Calibration(faint, 2), (0.9, 0.6), 20)
    assert {row[0]: row[1] for row in lower.rows} == {
        "as in this report": pytest.approx(2 / 3),
        "P_shell = 0.65 at every radius": pytest.approx(2 / 3),
        "5 thresholds instead of 2": pytest.approx(2 / 3),
        "3 more thresholds below": 1.0,
        "from the true centres": 1.0,
    }
    # the calibration uses the first threshold alone
    assert "1 thresholds instead of 1" in {row[0] for row in measured(mask, levels=1).rows}


def test_thresholds_between_fall() -> None:
    finer = variants.refined((0.9999, 0.99, 0.975))
    assert len(finer) == 9
    assert finer[::4] == pytest.approx([0.9999, 0.99, 0.975])
    assert finer == sorted(finer, reverse=True)
    assert variants.lower((0.9, 0.6)) == pytest.approx([0.5, 0.4, 0.3])


def test_what_has_no_match_is_left() -> None:
    label = np.zeros((CELLS,) * 3, np.int32)
    for number, (d, r) in enumerate(zip(distances(), RADII, strict=True), start=1):
        label[d < r] = number
    halos = truth()
    moved = {name: values.copy() for name, values in halos.columns.items()}
    moved["lagrangian_position"][1] += 20
    alone = shapes.unmatched(label, Catalogue(moved, BOX), halos)
    assert set(np.unique(alone)) == {0, 2}
    assert (alone == 2).sum() == (label == 2).sum()
    assert not shapes.unmatched(label, halos, halos).any()
