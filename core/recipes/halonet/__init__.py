"""HaloNet (Berger & Stein 2019): the recipe and its report."""
