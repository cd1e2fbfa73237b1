"""The table [paper] of each recipe says what the paper did, by the notes on the papers beside the repository."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.config import CONFIGS, read_table, resolve
from core.runs import registry

NOTES = Path(__file__).parents[4] / "shared" / "design" / "experiments.md"

Read = Callable[[str], Any]


def number(text: str) -> float:
    return float(text.replace(",", ""))


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def half(text: str) -> float:
    return float(text) / 2


SECTIONS = {"distance_map": 2, "halo_mass": 3, "density": 4, "density_gan": 5, "infall": 6, "ionization": 7}

CLAIMS: dict[str, list[tuple[str, str, Read]]] = {
    "distance_map": [
        ("network.levels", r"U-Net L=(\d+)", number),
        ("network.filters", r"nf=(\d+) doubling", number),
        ("network.kernel", r"two (\d)\^3 convolutions per block", number),
        ("network.dropout", r"dropout (\.\d+)", number),
        ("optimiser.learning_rate", r"Adam lr (\d+e-\d+)", number),
        ("crop.batch", r"batch (\d+)", number),
        ("steps", r"~(\d+) iterations", number),
        ("crop.size", r"inner (\d+)\^3", number),
        ("crop.tile", r"tiles of (\d+)\^3", number),
        ("crop.buffer", r"overlapping by (\d+)", half),
        ("minimum_cells", r"\((\d+) particles\)", number),
        ("loss", r"normalised (L1)", str.lower),
        ("inputs", r"Input: CIC (delta) / std", lambda _: "density"),
        ("crop.symmetries", r"24 (rotations)", str),
    ],
    "halo_mass": [
        ("log_mass.low", r"log M in \[(\d+), ", number),
        ("log_mass.high", r"log M in \[\d+, ([\d.]+)\]", number),
        ("particles.training", r"([\d,]+) training,", number),
        ("particles.validation", r"([\d,]+) validation", number),
        ("particles.test", r"([\d,]+) test ", number),
        ("split.validation", r"validation \((\d+) independent sim\)", number),
        ("split.test", r"test \((\d+) independent sims\)", number),
        ("input.side", r"Input: (\d+)\^3 voxels", number),
        ("input.shells", r"\((\d+) shells", number),
        ("network.filters", r"6 conv 3\^3 \(([\d,]+)\)", numbers),
        ("network.dense", r"dense (256, 128), 1", numbers),
        ("loss.scale", r"learnt gamma \(start (\.\d+)", number),
        ("loss.log_alpha", r"log10 alpha = (-[\d.]+) raw", number),
        ("optimiser.name", r"(AMSGrad) lr", str.lower),
        ("optimiser.learning_rate", r"AMSGrad lr (\d+e-\d+)", number),
        ("particles.batch", r"batch (\d+), early stopping", number),
    ],
    "density": [
        ("assignment", r"triangular \((trapezoid)\) assignment", str),
        ("network.levels", r"by (three) blocks", lambda _: 3),
        ("crop.size", r"\((\d+)\^3 compared\)", number),
        ("crop.context", r"outer (\d+) voxels cut", number),
        ("optimiser.learning_rate", r"Adam lr (\d+e-\d+)", number),
        ("optimiser.first_decay", r"betas (\.\d+)/", number),
        ("optimiser.second_decay", r"betas \.\d+/(\.\d+)", number),
        ("accumulate", r"batches of (\d+)", number),
        ("plateau.patience", r"not fallen for (\d+) epochs", number),
        ("plateau.factor", r"(halve) lr", lambda _: 0.5),
    ],
    "density_gan": [
        # the generator of 256^2 images halves eight times
        ("network.levels", r"\((two) innermost levels removed for 128\^3\)", lambda _: 8 - 2),
        # of 4 cells each: three of stride 2 and two of stride 1 see 70
        ("discriminator.halvings", r"PatchGAN (70)\^3", lambda _: 3),
        ("optimiser.learning_rate", r"generator lr (\d+e-\d+)", number),
    ],
    "infall": [
        ("survival.trees", r"survival RF (\d+) trees", number),
        ("survival.depth", r"survival RF \d+ trees depth (\d+)", number),
        ("mass_loss.trees", r"mass loss GBR (\d+)", number),
        ("mass_loss.depth", r"mass loss GBR \d+, depth (\d+)", number),
        ("mass_loss.learning_rate", r"mass loss GBR \d+, depth \d+, lr (\.\d+)", number),
        ("position.trees", r"position GBR (\d+)", number),
        ("position.depth", r"position GBR \d+, depth (\d+)", number),
        ("position.learning_rate", r"position GBR \d+, depth \d+, lr (\.\d+)", number),
        ("merge_time.trees", r"merge time GBR (\d+)", number),
        ("merge_time.depth", r"merge time GBR \d+, depth (\d+)", number),
        ("merge_time.learning_rate", r"merge time GBR \d+, depth \d+, lr (\.\d+)", number),
        ("split.test", r"80/(20)", lambda text: float(text) / 100),
        ("ranking_runs", r"noise floor over (\d+) runs", number),
    ],
    "ionization": [
        ("cells", r"cubes, (\d+)\^3", number),
        ("classes", r"(\d+) redshifts", number),
        ("autoencoder.filters", r"conv 3x3 ([\d, ]+) each", numbers),
        ("autoencoder.optimiser.learning_rate", r"Adam (\.\d+) amsgrad", number),
        ("autoencoder.optimiser.name", r"Adam \.\d+ (amsgrad)", str),
        ("codes.filters", r"conv(16), pool, conv8", lambda text: [float(text), 8.0]),
        ("codes.optimiser.learning_rate", r"Adam (1e-3)\. Dense", number),
        ("dense.hidden", r"Dense baseline \d+-(\d+)-", number),
        ("dense.side", r"on (\d+)x\d+ cuts", number),
    ],
}

BOXES = {
    "distance_map": (r"(\d+) Mpc/h, (\d+)\^3 particles", "--box {} ", "--cells {} "),
    "halo_mass": (r"20 sims of (\d+) Mpc/h, (\d+)\^3", "--box {} ", "--cells {} "),
    "ionization": (r"cubes, (\d+)\^3, (300) Mpc", "--cells {} ", "of 200^3 cells in {} Mpc"),
}
"""What the notes say of the boxes, and how the comment of the table says it."""


@pytest.fixture(scope="module")
def notes() -> dict[int, str]:
    if not NOTES.exists():
        pytest.skip(f"the notes on the papers are not beside this repository: {NOTES}")
    parts = re.split(r"^## (\d+)\. ", NOTES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def at(table: dict[str, Any], path: str) -> Any:
    found: Any = table
    for part in path.split("."):
        found = found[part]
    return found


@pytest.mark.parametrize("recipe", CLAIMS)
def test_the_paper_s_table_is_what_the_paper_did(recipe: str, notes: dict[int, str]) -> None:
    table, text = read_table(recipe, "paper"), notes[SECTIONS[recipe]]
    settings = resolve(registry.load(recipe), table, []).model_dump(mode="json")
    wrong = []
    for path, pattern, read in CLAIMS[recipe]:
        found = re.search(pattern, text)
        assert found, f"the notes on {recipe} do not say {pattern}"
        expected = read(found[1])
        if isinstance(expected, float):
            expected = pytest.approx(expected)
        # said by the table itself, and what a run of it gets
        if at(table, path) != expected or at(settings, path) != expected:
            wrong.append(f"{path} = {at(table, path)}, the paper has {expected}")
    assert not wrong


@pytest.mark.parametrize("recipe", BOXES)
def test_the_paper_s_boxes_are_told_by_the_command_that_makes_them(recipe: str, notes: dict[int, str]) -> None:
    pattern, *said = BOXES[recipe]
    found = re.search(pattern, notes[SECTIONS[recipe]])
    assert found
    whole = (CONFIGS / f"{recipe}.toml").read_text(encoding="utf-8")
    comment = whole[whole.index("[paper]") : whole.index("\n\n", whole.index("[paper]"))]
    assert tomllib.loads(comment).keys() == {"paper"}
    for value, form in zip(found.groups(), said, strict=True):
        assert form.format(value) in comment, f"{form.format(value)!r} is not in the comment of [paper]"


def test_twenty_universes_are_left_to_learn_from(notes: dict[int, str]) -> None:
    found = re.search(r"Data: (\d+) sims", notes[SECTIONS["halo_mass"]])
    seeds = re.search(r"--seeds 1-(\d+)", (CONFIGS / "halo_mass.toml").read_text(encoding="utf-8"))
    split = read_table("halo_mass", "paper")["split"]
    assert found
    assert seeds
    assert int(seeds[1]) - split["validation"] - split["test"] == int(found[1])
