"""Figures of the report on protohalos."""

from dataclasses import replace

import numpy as np

from core.analysis.protohalos.figures import slices
from core.cosmos.box import Catalogue
from core.cosmos.universe import Universe
from core.figures import Slice
from core.protohalos.truth import TrueHalos


def test_a_halo_at_the_face_of_the_box_is_drawn_at_both_faces(universes: list[Universe]) -> None:
    universe = replace(universes[0], box_size=32.0)
    label = np.zeros((16, 16, 16), dtype=np.int32)
    label[:2, 4:8, 8] = 1
    place = np.array([[0.0, 12.0, 16.0]])
    halos = Catalogue(
        {"mass": np.ones(1), "position": place, "lagrangian_position": place, "lagrangian_radius": np.array([4.0])},
        32.0,
    )
    row = slices(universe, np.zeros((16, 16, 16), np.float32), TrueHalos(halos, label), halos)
    assert "z = 16.0 Mpc/h" in row.title
    for panel, name in zip(row.figures[1:3], ("true", "found"), strict=True):
        assert isinstance(panel, Slice)
        # pixels stand around the cells that they show
        assert panel.extent == (-1.0, 31.0, -1.0, 31.0)
        [circles] = panel.circles
        assert circles.name == name
        assert sorted(zip(circles.x, circles.y, circles.radius, strict=True)) == [(0.0, 12.0, 4.0), (32.0, 12.0, 4.0)]
