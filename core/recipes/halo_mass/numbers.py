"""The numbers of the report on halo masses particle by particle, and the paper's beside them."""

from __future__ import annotations

import numpy as np

from core.cosmos.box import Array
from core.figures import Number
from core.recipes.halo_mass.judged import FEWEST, JudgedParticles, Shared, Sharing
from core.recipes.halo_mass.scores import correlation as correlate
from core.recipes.halo_mass.scores import half_range, median

PAPER_RANGE = (11.0, 13.4)
"""log10 of the masses [Msun/h] of the paper's halos: information depends on how far the masses spread."""
PAPER = {"density": 0.370, "averaged": 0.240, "potential": 0.399}
PAPER_CROSSING = {
    "density": {"eps": 0.409, "sheth_tormen": 0.411},
    "averaged": {"eps": 0.271, "sheth_tormen": 0.299},
}
PAPER_RADIUS = {"density": (0.543, 0.378, 0.239), "averaged": (0.388, 0.234, 0.126)}
PAPER_NOISE = {"density": 0.7, "averaged": 0.9}
PAPER_NEVER = {"eps": 0.30, "sheth_tormen": 0.58}
PAPER_THEORY = {"eps": 0.257, "sheth_tormen": 0.260}
RADII = {"inner": (0.0, 0.3), "middle": (0.3, 0.6), "outer": (0.6, np.inf)}
EPS_BASELINE = "baseline: EPS, where it crosses"
MEDIAN_ALONE = "alone it says little: masses dealt out at random have a median too"


def of_all(whole: Shared, kind: str, same: bool) -> list[Number]:
    """What the network tells of all particles; `same` where the range of masses is the paper's."""
    return [
        information("information", "information, network, all particles", whole, paper=PAPER.get(kind), same=same),
        Number(
            "noise",
            "Gaussian noise on the true masses that leaves as much",
            whole.noise,
            "dex",
            paper=PAPER_NOISE.get(kind),
        ),
    ]


def of_theory(
    theory: str, name: str, ours: Shared, theirs: Shared, crossed: Array, kind: str, same: bool
) -> list[Number]:
    """Network and theory where the theory tells a mass, and how often it tells none."""
    paper, where = PAPER_CROSSING.get(kind, {}).get(theory), f"where {name} tells a mass"
    never = PAPER_NEVER[theory]
    return [
        information(f"information_{theory}", f"information, network {where}", ours, theirs, paper, same=same),
        information(
            f"{theory}_information", f"information, {name} {where}", theirs, paper=PAPER_THEORY[theory], same=same
        ),
        Number(
            f"never_{theory}",
            f"particles that never cross, {name}",
            float(1 - crossed.mean()),
            paper=never if same else None,
            note="" if same else f"paper: {never:.0%} for its range of masses and scales",
        ),
    ]


def accuracy(judged: JudgedParticles, kind: str, same: bool) -> list[Number]:
    """Median, scatter, correlation and outliers of the residual, beside EPS on the particles that cross."""
    crossed = np.isfinite(judged.theory["eps"])
    ours = judged.found - judged.true
    theirs = (judged.theory["eps"] - judged.true)[crossed]
    correlation = correlate(judged.true, judged.found)
    eps = correlate(judged.true[crossed], judged.theory["eps"][crossed])
    # the paper's is of all its halos, in cells of 0.02 Mpc/h
    told = kind == "evolved"
    outliers = float(np.mean(np.abs(ours - ours.mean()) > 3 * ours.std()))
    note = f"{EPS_BASELINE}; {MEDIAN_ALONE}"
    beside = (0.96, 0.004) if told and same else (None, None)
    elsewhere = "" if same or not told else "paper, in its range of masses: {}"
    return [
        Number("bias", "median residual", float(np.median(ours)), "dex", None, median(theirs), note=note),
        Number("scatter", "half the 68 % range of the residual", half_range(ours), "dex", None, half_range(theirs)),
        Number(
            "correlation",
            "correlation with the true mass",
            correlation,
            "",
            None,
            eps,
            beside[0],
            elsewhere.format(0.96),
        ),
        Number("outliers", "residuals beyond 3 sigma", outliers, paper=beside[1], note=elsewhere.format(0.004)),
    ]


def by_radius(judged: JudgedParticles, sharing: Sharing, kind: str, same: bool) -> list[Number]:
    """What the network tells of particles in the middle of their halos and further out."""
    assert judged.radius is not None
    numbers = []
    for (key, (low, high)), paper in zip(RADII.items(), PAPER_RADIUS.get(kind, (None,) * 3), strict=True):
        inside = (judged.radius >= low) & (judged.radius < high)
        found, label = sharing.network(judged, inside), f"information, {where(low, high)}"
        share = f"{inside.mean():.0%} of all"
        numbers.append(information(f"information_{key}", label, found, paper=paper, note=share, same=same))
    return numbers


def where(low: float, high: float) -> str:
    """A range of r / r200m in words."""
    if low == 0:
        return f"r < {high:g} r200m"
    return f"r > {low:g} r200m" if np.isinf(high) else f"{low:g} to {high:g} r200m"


def information(
    key: str,
    name: str,
    shared: Shared,
    baseline: Shared | None = None,
    paper: float | None = None,
    note: str = "",
    *,
    same: bool,
) -> Number:
    """Mutual information, in dex of noise too; the baseline is a theory on the same particles.

    The paper's value is beside it where the range of masses is the `same`, else in the note.
    """
    notes = [note] if note else []
    if shared.noise is not None:
        notes.append(f"as noise of {shared.noise:.2f} dex leaves")
    if paper is not None and not same:
        notes.append(f"paper: {paper:.3f} from 10^{PAPER_RANGE[0]:g} to 10^{PAPER_RANGE[1]:g} Msun/h")
    found, beside = shared.information, paper if same else None
    if found is None:
        notes = [f"fewer than {FEWEST} particles", *notes]
        return Number(key, name, None, "nats", paper=beside, note="; ".join(notes))
    theirs = baseline.information if baseline else None
    base = theirs.value if theirs else None
    return Number(key, name, found.value, "nats", found.error, base, beside, "; ".join(notes))
