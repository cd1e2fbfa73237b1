import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from core.config import read_table, resolve
from core.cosmos.box import nearest_image
from core.cosmos.universe import Universe
from core.errors import InputError, ResourceError
from core.learning.learner import Network
from core.learning.memory import training_memory
from core.learning.samples import Crops, turn
from core.learning.stages import first_boxes
from core.protohalos.finder import ShellThreshold, find
from core.protohalos.matching import match
from core.recipes.halonet.recipe import HaloNet, validation_metrics
from core.runs import registry
from core.runs.run import Run
from tests.core.recipes.halonet.smoke import smoke

CPU = torch.device("cpu")


def test_universes_are_split_whole(universes: list[Universe]) -> None:
    settings = smoke()
    samples = settings.samples(universes, CPU)
    assert isinstance(samples, Crops)
    assert (len(samples.training_boxes), len(samples.validation_boxes)) == (2, 1)
    assert settings.held_out(universes) == universes[3:]
    deltas = [np.array(universe.field("delta_linear").values) for universe in universes]
    sigma = np.sqrt(np.mean([delta.astype(np.float64).var() for delta in deltas[:2]]))
    assert samples.constants["sigma"] == pytest.approx(sigma)
    np.testing.assert_allclose(samples.training_boxes[1][0][0].numpy(), deltas[1] / sigma, rtol=1e-5)
    np.testing.assert_allclose(samples.validation_boxes[0][0][0].numpy(), deltas[2] / sigma, rtol=1e-5)
    np.testing.assert_array_equal(samples.training_boxes[0][1].numpy(), settings.true_halos(universes[0]).mask)


def test_only_halos_that_count_are_in_the_mask(universes: list[Universe]) -> None:
    universe = universes[0]
    label, count = np.asarray(universe.field("label").values), universe.catalogue("fof")["count"]
    for minimum in (8, 30, 10**6):
        mask = smoke(f"minimum_cells={minimum}").true_halos(universe).mask
        assert mask.sum() == count[count >= minimum].sum()
        assert not mask[label == 0].any()


def test_the_learner_depends_on_the_seed_alone() -> None:
    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(int(torch.randint(1000, (1,))))
        return torch.cat([p.detach().flatten() for p in smoke(f"seed={seed}").learner(CPU).module.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_tiles_with_context_agree_with_the_whole_box(universes: list[Universe], learner: Network) -> None:
    # zero padding reaches as deep as the network sees: with the whole box and circular padding tiles need a buffer
    learner.bf16 = False
    whole = smoke().probability(learner, universes[0])
    tiled = smoke("crop.tile=48", "crop.buffer=16").probability(learner, universes[0])
    np.testing.assert_allclose(tiled, whole, atol=1e-4)
    assert whole.shape == (16, 16, 16)
    assert 0 < whole.min() < whole.max() < 1


def test_metrics_while_training() -> None:
    truth = torch.zeros((1, 4, 4, 4), dtype=torch.uint8)
    truth[0, :2] = 1
    logits = torch.stack([-20.0 * (truth * 2.0 - 1), 20.0 * (truth * 2.0 - 1)], dim=1)
    assert validation_metrics(logits, truth) == pytest.approx({"dice": 1.0, "foreground_dice": 1.0, "auc": 1.0})
    assert validation_metrics(-logits, truth) == pytest.approx({"dice": 0.0, "foreground_dice": 0.0, "auc": 0.0})


def test_prediction_is_a_universe_of_probabilities(universes: list[Universe], learner: Network) -> None:
    told: list[float] = []
    settings = smoke()
    fields, catalogues = settings.predict(learner, universes[3], lambda fraction, doing: told.append(fraction))
    probability, label = fields
    assert (probability.name, label.name) == ("probability", "label")
    [halos] = catalogues.values()
    assert label.values.max() == len(halos)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_predicted_halos_count_and_move(
    universes: list[Universe], learner: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = smoke("finder.calibrate=false")
    mask = settings.true_halos(universes[3]).mask.astype(np.float32)
    monkeypatch.setattr(HaloNet, "looked", lambda *arguments: (mask, None))
    halos = settings.predict(learner, universes[3])[1]["halonet"]
    assert halos["mass"].min() > 0.999 * settings.minimum_cells * universes[3].particle_mass
    # by about as much as matter does
    away = nearest_image(halos["position"] - halos["lagrangian_position"], 25.0)
    assert 0.5 < np.linalg.norm(away, axis=1).mean() < 10


def test_halos_may_begin_as_groups_of_a_cheap_run(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"inputs=density\+nbody"):
        smoke("finder.seeds=groups").check(universes)
    settings = smoke("finder.seeds=groups", "inputs=density+nbody", "nbody.steps=4", "nbody.mesh_ratio=2")
    made = settings.learner(CPU)
    made.constants.update(settings.samples(universes, CPU).constants)
    settings.finish(made, universes)
    assert {"growth.stay", "growth.join"} <= made.constants.keys()
    truth = settings.true_halos(universes[3])
    # told the truth, the network leaves of the groups what is true
    groups = settings.looked(made, universes[3])[1]
    assert groups is not None
    monkeypatch.setattr(HaloNet, "looked", lambda *arguments: (truth.mask.astype(np.float32), groups))
    fields, catalogues = settings.predict(made, universes[3])
    assert not fields[1].values[~truth.mask].any()
    found = match(truth.halos, catalogues["halonet"]) >= 0
    assert found.mean() > 0.6  # the groups alone match as many of these few halos
    assert len(catalogues["halonet"]) == fields[1].values.max()


def test_what_is_measured_before_prediction(universes: list[Universe], learner: Network) -> None:
    settings = smoke()
    assert learner.constants["baseline.fraction"] == pytest.approx(settings.true_halos(universes[2]).mask.mean())
    assert 1 <= learner.constants["finder.levels"] <= len(settings.finder.thresholds)
    paper = smoke("finder.calibrate=false")
    other = paper.learner(CPU)
    other.constants.update(paper.samples(universes, CPU).constants)
    paper.finish(other, universes)
    assert not [name for name in other.constants if name.startswith("finder.")]
    assert paper.predict(other, universes[3])[0][0].name == "probability"


def test_the_smoke_run_beats_a_coin(done_run: Run) -> None:
    validations = [event for event in done_run.events()[0] if event["event"] == "validation"]
    assert validations[-1]["auc"] > 0.55
    assert validations[-1]["loss"] < validations[0]["loss"] + 0.05


def test_tiles_find_the_same_halos(universes: list[Universe], learner: Network) -> None:
    learner.bf16 = False
    whole = smoke().probability(learner, universes[0])
    tiled = smoke("crop.tile=48", "crop.buffer=16").probability(learner, universes[0])
    thresholds, edge = np.quantile(whole, (0.97, 0.9)).tolist(), float(np.quantile(whole, 0.7))
    shell = ShellThreshold(0.0, edge, 0.0, edge)
    first, second = (find(p, thresholds, shell, 4) for p in (whole, tiled))
    assert len(first.radii) > 5
    np.testing.assert_array_equal(second.radii, first.radii)
    np.testing.assert_allclose(second.centres, first.centres, atol=1e-6)
    np.testing.assert_array_equal(second.label, first.label)


def test_each_universe_in_its_own_unit(universes: list[Universe]) -> None:
    samples = smoke("normalisation=individual").samples(universes, CPU)
    assert isinstance(samples, Crops)
    for inputs, _ in (*samples.training_boxes, *samples.validation_boxes):
        assert inputs.std(correction=0).item() == pytest.approx(1, abs=1e-5)


STAGE = "{steps = 2, learning_rate = 0.3, momentum = 0.1, dropout = 0.4, universes = 1}"


def test_the_table_of_the_paper_is_its_experiment(shared_data: Callable[[str], Path]) -> None:
    text = shared_data("../design/experiments.md").read_text().split("## 1.")[1].split("## 2.")[0]
    paper = resolve(registry.load("halonet"), read_table("halonet", "paper"), [])
    assert isinstance(paper, HaloNet)

    def told(pattern: str) -> list[float]:
        found = re.search(pattern, text)
        assert found, pattern
        return [float(number) for number in found.groups()]

    boxes, test = told(r"(\d+) boxes, (\d+) for test")
    assert paper.split.test == test
    assert paper.split.validation == (boxes - test) / 8  # section 3.1
    assert [paper.minimum_cells] == told(r"a halo of (\d+) cells")
    assert [paper.crop.size] == told(r"(\d+)\^3 sub-volumes")
    crop = paper.crop
    assert [crop.tile, crop.buffer, crop.tile - 2 * crop.buffer] == told(
        r"(\d+)\^3 tiles, (\d+)-cell buffer per side \((\d+)\^3 kept"
    )
    assert told(r"(\d+) reflections") == [8]
    assert paper.crop.symmetries == "mirrors"
    assert [paper.network.levels, paper.network.filters] == told(r"(\d+) levels, nf=(\d+)")
    assert "three 5^3 convolutions" in text
    assert (paper.network.depth, paper.network.kernel, paper.network.padding) == (3, 5, "zeros")
    assert (paper.normalisation, paper.truth, paper.inputs) == ("global", "peakpatch", "density")
    [first] = paper.pretraining
    assert [first.learning_rate, first.momentum, first.dropout, first.universes] == told(
        r"Stage 1: lr ([\d.]+), momentum ([\d.]+), dropout ([\d.]+) .*\n?.*?(\d) boxes"
    )
    optimiser = paper.optimiser
    assert [optimiser.learning_rate, optimiser.momentum, paper.crop.batch] == told(
        r"Stage 2: lr ([\d.]+), momentum ([\d.]+), no dropout, all boxes, batch (\d)"
    )
    assert (optimiser.name, optimiser.schedule, paper.network.dropout) == ("sgd", "constant", 0)
    assert list(paper.finder.thresholds) == told(r"P_peak in \[([\d.]+), ([\d.]+), ([\d.]+)\]")
    assert not paper.finder.calibrate
    # the table says what the recipe does by itself, but for the split
    assert paper.model_copy(update={"split": HaloNet().split}) == HaloNet()


def test_runs_of_before_draw_all_symmetries() -> None:
    assert HaloNet.migrate({"crop": {"size": 0}}, 1) == {"crop": {"symmetries": "all", "size": 0}}
    assert HaloNet.migrate({}, 2) == {}


def test_the_mirrors_of_the_paper_swap_no_axes(universes: list[Universe]) -> None:
    for name, count in (("mirrors", 8), ("all", 48)):
        samples = smoke(f"crop.symmetries={name}").samples(universes, CPU)
        assert isinstance(samples, Crops)
        assert len(samples.symmetries) == count
    ramp = torch.arange(8.0)[:, None, None].expand(8, 8, 8)
    turned = [turn(ramp, symmetry) for symmetry in range(8)]
    assert all(values.std(dim=(1, 2)).max() == 0 for values in turned)
    assert len({float(values[0, 0, 0]) for values in turned}) == 2


def test_the_stages_of_the_paper() -> None:
    settings = registry.load("halonet")()
    assert isinstance(settings, HaloNet)
    [first] = settings.pretraining
    assert (first.learning_rate, first.momentum, first.dropout, first.universes) == (0.1, 0.4, 0.5, 5)
    assert (settings.optimiser.learning_rate, settings.optimiser.momentum) == (0.01, 0.9)
    assert settings.network.dropout == 0


def test_stages_follow_one_another(universes: list[Universe]) -> None:
    settings = smoke(f"pretraining=[{STAGE}]", "optimiser.name=sgd", "network.dropout=0.2", "steps=4")
    learner = settings.learner(CPU)
    samples = settings.samples(universes, CPU)
    seen = []
    for step in learner.fit(samples):
        rates = {module.p for module in learner.module.modules() if isinstance(module, torch.nn.Dropout)}
        seen.append((step.values["learning_rate"], learner.optimiser.param_groups[0]["momentum"], max(rates)))
    assert seen == [(0.3, 0.1, 0.4)] * 2 + [(0.01, 0.9, 0.2)] * 2
    assert isinstance(samples, Crops)
    # one universe of two in the first stage
    assert len(first_boxes(samples, 1).training_boxes) == 1  # type: ignore[attr-defined]
    assert first_boxes(samples, 0) is samples


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_resume_within_the_stages_is_exact(universes: list[Universe], stop: int) -> None:
    settings = smoke(f"pretraining=[{STAGE}]", "optimiser.name=sgd", "steps=5")
    samples = settings.samples(universes, CPU)
    whole = [step.values["loss"] for step in settings.learner(CPU).fit(samples)]
    first = settings.learner(CPU)
    part = [step.values["loss"] for step in islice(first.fit(samples), stop)]
    second = settings.learner(CPU)
    second.restore(first.state())
    part += [step.values["loss"] for step in second.fit(samples)]
    assert part == whole


def test_what_does_not_fit_is_refused(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = smoke("crop.batch=9", "precision=float32")
    with torch.device("meta"):
        module = settings.module()

    def needed(batch: int, side: int) -> int:
        # a density and a mask of three universes lie there too
        return training_memory(module, (batch, 1, side, side, side), settings.optimiser, False) + 3 * 5 * 16**3

    free = needed(4, 16)
    monkeypatch.setattr("core.learning.memory.free_on", lambda device: free)
    with pytest.raises(ResourceError, match=r"training needs about .* free: crop.batch=4 crop.size=16 fits"):
        settings.samples(universes, CPU)
    free = needed(1, 16) - 1
    with pytest.raises(ResourceError, match=r"crop.batch=1 crop.size=16 fits"):
        settings.samples(universes, CPU)
    free = 1
    with pytest.raises(ResourceError, match=r"choose fewer network\.filters"):
        settings.samples(universes, CPU)


def test_a_run_on_crops_with_context(new_run: Callable[..., Run]) -> None:
    from core.runs.worker import work

    run = new_run("crop.size=8", "crop.context=4", "crop.batch=2", "crop.tile=16", "crop.buffer=4", "steps=3")
    work(run)
    assert run.status().state == "done"
