"""Cosmologies by name, as plain numbers: front ends list them without loading anything."""

PARAMETERS: dict[str, tuple[float, float, float, float, float]] = {
    # Planck 2018, arXiv:1807.06209, table 2, TT,TE,EE+lowE+lensing
    "planck2018": (0.3153, 0.0493, 0.6736, 0.8111, 0.9649),
    # Planck 2015, arXiv:1502.01589, TT,TE,EE+lowP+lensing+ext
    "planck2015": (0.3089, 0.0486, 0.6774, 0.8159, 0.9667),
    # Berger & Stein 2019, arXiv:1805.04537, section 3.1
    "halonet": (0.25, 0.043, 0.70, 0.80, 0.96),
    # Lucie-Smith et al. 2024, arXiv:2011.10577: WMAP5, arXiv:0803.0547
    "wmap5": (0.279, 0.045, 0.701, 0.817, 0.96),
    # Petulante 2023, chapter 3
    "petulante": (0.302, 0.048, 0.681, 0.828, 0.96),
}
"""Omega_matter, Omega_baryon, h, sigma8 and spectral index."""

PRESET_NAMES = tuple(PARAMETERS)
