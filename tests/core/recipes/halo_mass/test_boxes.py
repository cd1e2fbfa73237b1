"""A network that sees whole boxes and tells the masses of all their particles."""

from itertools import islice

import numpy as np
import pytest
import torch

from core.config import read_table, resolve
from core.cosmos.universe import Universe
from core.errors import InputError, ResourceError
from core.learning.learner import Network
from core.learning.samples import Crops
from core.recipes.halo_mass.boxes import target
from core.recipes.halo_mass.recipe import HaloMass
from core.runs import registry

CPU = torch.device("cpu")


def smoke(*overrides: str) -> HaloMass:
    small = ["sees=boxes", "vnet.levels=2", "vnet.filters=2", "vnet.depth=1"]
    settings = resolve(registry.load("halo_mass"), read_table("halo_mass", "smoke"), [*small, *overrides])
    assert isinstance(settings, HaloMass)
    return settings


def boxes(settings: HaloMass, universes: list[Universe]) -> Crops:
    samples = settings.samples(universes, CPU)
    assert isinstance(samples, Crops)
    return samples


def test_targets_are_the_scaled_masses_of_the_particles(universes: list[Universe]) -> None:
    settings, truth = smoke(), universes[0]
    particles = settings.halo_particles(truth)
    mass, weight = target(particles, truth.cells, settings.log_mass, "halos")
    label = np.asarray(truth.field("label").values)
    every = np.append(0, np.log10(truth.catalogue("fof")["mass"]))
    wanted = np.isin(label, particles.halo + 1)
    assert np.array_equal(weight > 0, wanted)
    assert np.allclose(settings.log_mass.unscaled(mass[wanted]), every[label[wanted]], atol=1e-5)
    assert not mass[~wanted].any()
    assert np.allclose(np.bincount(label[wanted], weight[wanted])[particles.halo + 1], 1, atol=1e-5)


@pytest.mark.parametrize("weight", ["particles", "halos"])
def test_the_loss_is_a_mean_over_particles_or_over_halos(universes: list[Universe], weight: str) -> None:
    from models.cauchy import cauchy, priors

    settings, truth = smoke(f"particles.weight={weight}", "input.augment=false"), universes[0]
    particles, learner = settings.halo_particles(truth), settings.learner(CPU)
    wanted = target(particles, truth.cells, settings.log_mass, settings.particles.weight)
    output = torch.rand(1, 1, 16, 16, 16, generator=torch.Generator().manual_seed(1))
    true = torch.from_numpy(settings.log_mass.scaled(np.log10(particles.mass)))
    each = cauchy(output.flatten()[particles.ids], true, learner.module.get_parameter("scale").detach()).numpy()
    halos = [each[particles.halo == halo].mean() for halo in np.unique(particles.halo)]
    expected = each.mean() if weight == "particles" else np.mean(halos)
    targets = torch.from_numpy(wanted)[None]
    assert learner.metrics(output, targets)["likelihood"] == pytest.approx(expected, rel=1e-4)
    prior = 10**settings.loss.log_alpha * float(priors(learner.module).detach())
    assert float(learner.loss(output, targets).detach()) == pytest.approx(expected + prior, rel=1e-4)


def test_cells_outside_halos_change_nothing(universes: list[Universe]) -> None:
    settings = smoke()
    batch, learner = boxes(settings, universes).training(1), settings.learner(CPU)
    output = torch.zeros(1, 1, 16, 16, 16)
    other = torch.where(batch.targets[:, 1:] > 0, 0.0, 1.5)
    assert torch.equal(learner.loss(output, batch.targets), learner.loss(other, batch.targets))
    # a crop without particles that count has a loss, and no slope
    empty = torch.zeros(1, 2, 16, 16, 16)
    output.requires_grad_(True)
    learner.loss(output, empty).backward()
    assert output.grad is not None
    assert not output.grad.any()


def test_chances_of_masses(universes: list[Universe]) -> None:
    """The loss is the mean cross-entropy, what is told the mean of the distribution."""
    settings, truth = smoke("loss.likelihood=bins", "loss.bins=5", "particles.test=60", "steps=1"), universes[0]
    learner, particles = settings.learner(CPU), settings.halo_particles(truth)
    wanted = torch.from_numpy(target(particles, truth.cells, settings.log_mass, "particles"))[None]
    # all on the second of five masses, -0.5
    output = torch.full((1, 5, 16, 16, 16), -50.0)
    output[:, 1] = 50.0
    told = learner.metrics(output, wanted)
    true = settings.log_mass.scaled(np.log10(particles.mass))
    assert told["rms"] == pytest.approx(np.sqrt(np.mean((true + 0.5) ** 2)) * settings.log_mass.half_width, rel=1e-4)
    assert "width" not in told
    level = learner.metrics(torch.zeros_like(output), wanted)["likelihood"]
    assert level == pytest.approx(np.log(5), rel=1e-5)
    assert told["likelihood"] > level
    assert len(list(learner.fit(boxes(settings, universes)))) == 1
    settings.finish(learner, universes)
    prediction = settings.predict(learner, universes[3])[1]["particles"]
    inputs = settings.seen.fields(universes[3], learner.constants, CPU)
    chance = learner.predict(inputs[None])[0].softmax(0).reshape(5, -1)
    expected = settings.log_mass.unscaled((torch.linspace(-1, 1, 5) @ chance).numpy())
    assert np.allclose(np.log10(prediction["mass"]), expected[prediction["id"]], atol=1e-5)


@pytest.mark.parametrize("overrides", [["inputs=density"], ["inputs=density+nbody"], ["input.kind=potential"]])
def test_masses_of_all_particles(universes: list[Universe], overrides: list[str]) -> None:
    settings = smoke(*overrides, "steps=2", "particles.test=60")
    samples, learner = boxes(settings, universes), settings.learner(CPU)
    losses = [step.values["loss"] for step in learner.fit(samples)]
    assert np.isfinite(losses).all()
    assert {"likelihood", "rms", "width"} <= set(learner.validate(samples))
    settings.finish(learner, universes)
    truth = universes[3]
    _, catalogues = settings.predict(learner, truth)
    assert set(catalogues) == {"particles", "halo_mass", "halo_mass_eps"}
    inputs = settings.seen.fields(truth, learner.constants, CPU)
    expected = settings.log_mass.unscaled(learner.predict(inputs[None])[0, 0].numpy().reshape(-1))
    found = catalogues["particles"]
    assert np.allclose(np.log10(found["mass"]), expected[found["id"]], atol=1e-5)
    # the mass of a particle is that of its surroundings: a shifted box has shifted masses
    step = 4
    shifted = learner.predict(inputs.roll(step, dims=1)[None])[0, 0]
    assert torch.allclose(shifted, learner.predict(inputs[None])[0, 0].roll(step, dims=0), atol=1e-4)


def test_a_resume_repeats_every_step(universes: list[Universe]) -> None:
    settings = smoke("inputs=density+nbody", "steps=4")
    samples = boxes(settings, universes)

    def losses(learner: Network, count: int) -> list[float]:
        return [step.values["loss"] for step in islice(learner.fit(samples), count)]

    expected = losses(settings.learner(CPU), 4)
    half, again = settings.learner(CPU), settings.learner(CPU)
    first = losses(half, 2)
    again.restore(half.state())
    assert first + losses(again, 2) == expected


def test_what_boxes_cannot_show(universes: list[Universe], monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("averaged", "evolved"):
        with pytest.raises(InputError, match=f"input.kind={kind} is around particles: set sees=cubes"):
            smoke(f"input.kind={kind}").check(universes)
    with pytest.raises(InputError, match=r"crop\.size sees 16 cells, .* 5 levels cannot .* or fewer vnet\.levels"):
        smoke("vnet.levels=5").check(universes)
    monkeypatch.setattr("core.learning.memory.free_on", lambda device: 2**10)
    with pytest.raises(ResourceError, match=r"choose fewer vnet\.filters"):
        smoke().samples(universes, CPU)
