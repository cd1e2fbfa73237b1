"""`halodeck theory`: what a cosmology is like, without a universe."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.answers import REPORT
from app.cli.command import Command
from app.cli.options import (
    W0,
    Hubble,
    OmegaBaryon,
    OmegaMatter,
    Preset,
    Sigma8,
    SpectralIndex,
    Wa,
    parse_numbers,
    varied,
)
from app.cli.show import SaveOption, print_report, save_report
from core.errors import UsageError


def theory(
    cosmology: Preset = "planck2018",
    omega_matter: OmegaMatter = None,
    omega_baryon: OmegaBaryon = None,
    h: Hubble = None,
    sigma8: Sigma8 = None,
    spectral_index: SpectralIndex = None,
    w0: W0 = None,
    wa: Wa = None,
    redshift: Annotated[float, typer.Option(help="Redshift of spectra and mass functions.")] = 0.0,
    spectrum: Annotated[str, typer.Option(help="auto, camb or eh98; auto is CAMB where it is installed.")] = "auto",
    masses: Annotated[str, typer.Option(help="Smallest and largest halo mass [Msun/h].")] = "1e10,1e15",
    save: SaveOption = None,
) -> None:
    """Linear and nonlinear P(k), growth, sigma(M) and halo mass functions of any flat cosmology."""
    from core.analysis.theory import theory_report
    from core.cosmos.cosmology import preset

    limits = parse_numbers(masses, "--masses")
    if len(limits) != 2:
        raise UsageError(f"--masses {masses!r} is no range", "write two masses: 1e10,1e15")
    if spectrum not in ("auto", "camb", "eh98"):
        raise UsageError(f"unknown spectrum {spectrum!r}", "write auto, camb or eh98")
    chosen = varied(preset(cosmology), omega_matter, omega_baryon, h, sigma8, spectral_index, w0, wa)
    report = theory_report(chosen, redshift, spectrum, *limits)  # type: ignore[arg-type]
    if save:
        save_report(report, save)
    print_report(report)


COMMANDS = (Command("theory", theory, 6, answer=REPORT),)
