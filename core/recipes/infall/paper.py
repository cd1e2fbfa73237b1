"""The thesis's numbers, and whether they may stand beside those of a table (Petulante 2023, chapter 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.cosmos.infall.table import FEWEST_PARTICLES, READ, origin, origin_in_words

if TYPE_CHECKING:
    from core.cosmos.universe import Universe

MERGED = 0.64
ONE_FEATURE = 0.90
OUT_OF_BAG = 0.9425
"""Out of bag, from a_acc, q and φ alone (the chapter's abstract)."""
HARDEST = 0.803
"""Accuracy of survival at scale factors of 0.5 to 0.65 (section 2.4.2)."""

ACCURACY: dict[str, tuple[float, ...]] = {
    "survived": (0.944,),
    "final_mass": (0.565, 0.893, 0.993),
    "final_distance": (0.39, 0.821, 0.988),
    "merge_time": (0.416, 0.835, 0.974),
}
"""At the tolerances of scores.TOLERANCES. The summary has 0.419 for merge times within 0.5."""
BASELINE: dict[str, tuple[float, ...]] = {
    "survived": (0.64,),
    "final_mass": (0.15, 0.65, 0.93),
    "final_distance": (0.13, 0.47, 0.99),
    "merge_time": (0.403, 0.83, 0.988),
}
"""Where every subhalo is told the mean; for survival the share of the commoner fate."""
FURTHER = {"final_distance": 0.885, "merge_time": 0.911}
"""At the tolerances of scores.FURTHER (section 2.5)."""

RANKING: dict[str, tuple[tuple[str, float], ...]] = {
    "survived": (("scale_factor", 0.997), ("mass_ratio", 0.254), ("impact_angle", 0.145), ("velocity", 0.093)),
    "final_mass": (("sub_radius", 0.243), ("scale_factor", 0.132), ("impact_angle", 0.047), ("host_mass", 0.042)),
    "final_distance": (("scale_factor", 0.538), ("mass_ratio", 0.214), ("impact_angle", 0.177), ("velocity", 0.153)),
    "merge_time": (("scale_factor", 0.283), ("mass_ratio", 0.127), ("impact_angle", 0.091), ("velocity", 0.058)),
}
"""Table 2.2."""
NOISE = {"survived": "0.027+-0.002", "final_mass": "0.012+-0.0004", "final_distance": "0.035+-0.009"} | {
    "merge_time": "0.017+-0.002"
}
GAINS: dict[str, tuple[float, ...]] = {
    "survived": (0.90, 0.027, 0.012, 0.0027),
    "final_mass": (0.442, 0.385, 0.053),
    "final_distance": (0.258, 0.296, 0.036, 0.183, 0.039, 0.01),
    "merge_time": (0.749, 0.047, 0.031),
}
"""What each feature adds to the accuracy at scores.MIDDLE, in the order of the ranking (sections 2.4.2 to 2.4.5)."""
_ALSO = {"final_distance": ("sub_mass", "host_mass")}
_SAME = {"sub_radius": "sub_mass", "host_radius": "host_mass"}
"""Features with identical information (section 2.2.1.2)."""


def gains(outcome: str, order: Sequence[str]) -> tuple[float, ...]:
    """The thesis's gains for as long as the features are added in its order; none behind the first other one."""
    theirs = [name for name, _ in RANKING[outcome]] + list(_ALSO.get(outcome, ()))
    found: list[float] = []
    for ours, their, gain in zip(order, theirs, GAINS[outcome], strict=False):
        if _SAME.get(ours, ours) != _SAME.get(their, their):
            break
        found.append(gain)
    return tuple(found)


def why_not_beside(universes: Sequence[Universe]) -> str:
    """Why the thesis's numbers do not stand beside those of these tables; empty where they do."""
    others = [universe for universe in universes if origin(universe) != READ]
    if others:
        words = ", ".join(f"{universe.name} is {origin_in_words(universe)}" for universe in others)
        return f"{words}: the paper's numbers are of a simulation and do not stand beside it."
    least = [int(universe.provenance.get("settings", {}).get("fewest_particles", 0)) for universe in universes]
    if min(least) < FEWEST_PARTICLES:
        return (
            f"The paper's subhalos have {FEWEST_PARTICLES} particles or more, these {min(least)}: its numbers do not "
            "stand beside them."
        )
    return ""
