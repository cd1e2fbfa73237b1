"""The report on halo masses particle by particle, beside first-crossing masses of the same particles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.cosmos.box import Catalogue
from core.figures import Figure, Report
from core.progress import Progress, each, part, silent
from core.recipes.halo_mass import figures as draw
from core.recipes.halo_mass import numbers as measure
from core.recipes.halo_mass import objects
from core.recipes.halo_mass.judged import REFERENCE, THEORIES, JudgedParticles, Sharing, judge, levels

if TYPE_CHECKING:
    from core.cosmos.universe import Universe
    from core.recipes.halo_mass.settings import MassRange


def report(
    title: str,
    facts: dict[str, str],
    pairs: Sequence[tuple[Universe, Universe]],
    halos_of: Callable[[Universe], Catalogue],
    masses: MassRange,
    kind: str,
    width: float | None,
    bootstraps: int,
    progress: Progress = silent,
) -> Report:
    """Numbers and figures over the particles of all pairs of (truth, prediction).

    `halos_of` tells the true halos of a universe, `kind` what the network sees, `width` the half width of its
    likelihood, rescaled as the masses are, where it has one; the facts come from the recipe.
    """
    low, high = masses.low, masses.high
    judged = judge(halos_of, pairs, part(progress, 0.0, 0.3))
    sharing, same = Sharing(low, high, judged.step, bootstraps), (low, high) == measure.PAPER_RANGE
    progress(0.3, "mutual information")
    whole = sharing.network(judged, np.ones(len(judged.true), dtype=bool))
    noise = levels(judged.true)
    numbers = [*measure.of_all(whole, kind, same), *measure.accuracy(judged, kind, same)]
    models = {"network": (judged.true, judged.found)}
    points = {"network": whole}
    for theory, name in each(part(progress, 0.5, 0.8, "information of "), list(THEORIES.items()), lambda item: item[1]):
        crossed = np.isfinite(judged.theory[theory])
        if crossed.any():
            models[name] = (judged.true[crossed], judged.theory[theory][crossed])
        ours, theirs = sharing.network(judged, crossed), sharing.theory(judged, theory, crossed)
        numbers += measure.of_theory(theory, name, ours, theirs, crossed, kind, same)
        points[name] = theirs
    figures: dict[str, Figure] = {
        "masses": draw.joint("particles", models, low, high),
        "residuals": draw.residuals(models, low, high),
        "violins": draw.violins(models, low, high),
        "distributions": draw.distributions(models, low, high),
        "information": draw.information(noise, points),
    }
    if width is not None:
        figures["likelihood"] = draw.likelihood(masses.scaled(judged.true), masses.scaled(judged.found), width)
    progress(0.8, "by radius")
    if judged.radius is not None:
        numbers += measure.by_radius(judged, sharing, kind, same)
        figures["radius"] = draw.by_radius(_parts(judged), low, high)
    boxes = [objects.whole_halos(prediction) for _, prediction in pairs]
    if halos := objects.together([box for box in boxes if box is not None]):
        numbers += objects.numbers(halos)
        ways = {"network": (halos.true, halos.network), "EPS": halos.by_eps()}
        # EPS may give no halo a mass
        ways = {name: masses for name, masses in ways.items() if len(masses[0])}
        figures["objects"] = draw.joint("whole halos", ways, low, high)
    counted = f"{len(judged.true):,} of halos of 10^{low:g} to 10^{high:g} Msun/h"
    facts = {name: counted if name == "particles" else text for name, text in facts.items()}
    facts["noise on the truth"] = ", ".join(f"{sigma:g} dex leaves {noise[sigma]:.3f} nats" for sigma in REFERENCE)
    return Report(title, tuple(numbers), figures, NOTES, facts)


def _parts(judged: JudgedParticles) -> dict[str, draw.Masses]:
    assert judged.radius is not None
    parts = {}
    for low, high in measure.RADII.values():
        inside = (judged.radius >= low) & (judged.radius < high)
        parts[measure.where(low, high)] = (judged.true[inside], judged.found[inside])
    return parts


NOTES = (
    "Errors of mutual information are bootstraps over halos: particles of one halo share its mass. The paper's, over "
    "particles, are smaller for the same data.",
    "Information depends on the range of masses: the paper's nats stand beside ours only for its range; the noise on "
    "the true masses that leaves as much, in dex, can be told apart from it.",
    "Theory: first crossing by a top hat of the linear density at the particle's own cell, on 50 scales down to a "
    "radius of 2 cells. It tells no mass of particles that never cross; network and theory are compared on the others.",
    "Several seeds: train again with --set seed=2 and so on, on the same universes, and put the runs side by side with "
    "`halodeck compare`; the particles that are judged are the same.",
)
