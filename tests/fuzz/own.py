"""The files that halodeck itself writes: universes, what is in the folders of runs and tasks, settings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from snapshot_writers import BOX

from core.cosmos.formats.recognise import recognise
from core.figures import Curves, Histogram, Matrix, Number, Report, Series, Slice, Table, dump_report
from core.files import write_json
from core.runs.history import History
from core.runs.listing import read_entry
from core.runs.run import Notes, create_run
from fuzz.made import Kind, Made


def universe(kind: str) -> Kind:
    def make(folder: Path) -> Made:
        from core.cosmos.box import Catalogue, Field
        from core.cosmos.cosmology import preset
        from core.cosmos.identity import identity
        from core.cosmos.infall.model import Infalls, make_table
        from core.cosmos.universe import open_universe, write_universe

        path = folder / "u.h5"
        if kind == "infall":
            make_table(path, Infalls(100, 1), {})
        else:
            values = np.random.default_rng(1).random((8, 8, 8), np.float32)
            columns = {"mass": np.array([2e13, 1e13]), "position": np.ones((2, 3)), "count": np.array([9, 8])}
            write_universe(
                path,
                name="u",
                box_size=BOX,
                cosmology=preset("planck2018"),
                fields=[Field("density", values, BOX, "", 0.0, "eulerian", "cic"), Field("delta_linear", values, BOX)],
                catalogues={"fof": Catalogue(columns, BOX, units={"mass": "Msun/h", "position": "Mpc/h"})},
                provenance={"seed": 1, "sources": [{"path": "a", "sha256": "b"}], "repairs": ["none"]},
                kind="prediction" if kind == "prediction" else "universe",
            )

        def read() -> object:
            opened = open_universe(path)
            fields = [(field.units, np.array(field.values)) for field in map(opened.field, opened.fields)]
            return opened, fields, [opened.catalogue(name) for name in opened.halos], identity(opened)

        return Made(path, (lambda: recognise(path), read))

    return make


def run_file(name: str) -> Kind:
    def make(folder: Path) -> Made:
        run = create_run(
            folder, "halonet", {"steps": 3, "optimiser": {"name": "sgd"}}, universes=["a.h5"], device="cpu"
        )
        for step in range(1, 6):
            run.emit("step", step=step, loss=1 / step)
        run.emit("validation", step=5, loss=0.3)
        run.emit("message", text="hello")
        run.write_status(state="done", step=5, steps=5, values={"loss": 0.2}, speed=1.5, message="done")
        run.write_notes(Notes("a text", ("paper", "base")))

        def events() -> History:
            history = History()
            history.add(run.events()[0])
            return history

        return Made(run.path / name, (lambda: _told(run.path), lambda: recognise(run.path), events))

    return make


def _told(path: Path) -> object:
    """What the list of runs says of a run: never an error."""
    from app.cli.runs import duration

    entry = read_entry(path)
    f"{entry.problem}{entry.status}{entry.notes}".encode()
    return entry, duration(entry.status.remaining)


def report(folder: Path) -> Made:
    from app.draw import draw
    from core.runs.report_file import read_report

    run = create_run(folder, "halonet", {})
    x = np.geomspace(0.1, 5, 5)
    made = Report(
        "a report",
        (Number("dice", "Dice", 0.8, paper=0.9),),
        {
            "curves": Curves("c", (Series("one", x, 1 / x, x, 2 * x), Series("two", x, x)), "k", "P", True, True),
            "slice": Slice("s", np.arange(16.0).reshape(4, 4), (0, 4, 0, 4), "x [Mpc/h]", "y [Mpc/h]"),
            "histogram": Histogram("h", x, {"n": x[1:]}, "x"),
            "matrix": Matrix("m", np.eye(2), ("a", "b"), ("a", "b")),
            "table": Table("t", ("a", "b"), (("x", 1.0), ("y", None))),
        },
        ("a note",),
        {"fact": "text"},
    )
    write_json(run.report_path, dump_report(made))

    def read() -> object:
        found = read_report(run)
        return found, [draw(figure, 60, 12, "none").plain() for figure in found.figures.values()]

    return Made(run.report_path, (read,))


def checkpoint(folder: Path) -> Made:
    import torch

    from core.runs.job import read_constants, read_tensors, write_tensors

    run = create_run(folder, "halonet", {})
    weights = {"module": {"a": torch.arange(6.0).reshape(2, 3)}, "constants": {"cut": 0.5}, "step": 3}
    write_tensors(run.path / "model.pt", run, weights=weights)
    cpu = torch.device("cpu")
    path = run.path / "model.pt"
    return Made(path, (lambda: repr(read_tensors(path, run, cpu, "weights")), lambda: read_constants(run)))


def weights(folder: Path) -> Made:
    import torch

    from core.runs.weights_file import read_weights, write_weights

    path = folder / "model.safetensors"
    told = {
        "module": {"a": torch.arange(600.0).reshape(20, 30), "b": torch.ones(3)},
        "constants": {"cut": 0.5},
        "step": 3,
    }
    write_weights(path, told, {"recipe": "halonet"}, lambda name, tensor: 5 if tensor.ndim > 1 else 16)
    return Made(path, (lambda: repr(read_weights(path)),))


def archive(folder: Path) -> Made:
    import shutil

    from core.runs.crate import NEEDED, About, describe, pack, unpack

    crate, path, there = folder / "crate", folder / "run.zip", folder / "there"
    for name in NEEDED:
        (crate / name).parent.mkdir(parents=True, exist_ok=True)
        (crate / name).write_text(f"this is {name}\n" * 20)
    describe(crate, About("run", "text", "CC-BY-4.0", "2026-01-01"))
    pack(crate, path)

    def read() -> object:
        shutil.rmtree(there, ignore_errors=True)
        unpack(path, there)
        return {name: (there / name).read_bytes() for name in NEEDED}

    return Made(path, (read,))


def universes_of(folder: Path) -> Made:
    from core.runs.repeat import FILE, read_universes

    told = [{"name": "u.h5", "identity": "0" * 16, "held_out": True, "settings": {"cells": 8, "seed": 1}}]
    write_json(folder / FILE, {"universes": told})
    return Made(folder / FILE, (lambda: read_universes(folder),))


def task(name: str) -> Kind:
    def make(folder: Path) -> Made:
        from app.background.tasks import all_tasks

        path = folder / ".tasks" / "1-simulate"
        path.mkdir(parents=True)
        facts = {"title": "t", "command": ["simulate"], "started": 1.0, "host": "other", "pid": 3, "born": 1.0}
        (path / "task.json").write_text(json.dumps(facts))
        (path / "progress.json").write_text(json.dumps({"fraction": 0.5, "doing": "reading"}))
        (path / "log").write_text("a line\n")
        return Made(path / name, (lambda: all_tasks(folder),))

    return make


def preferences(folder: Path) -> Made:
    from app.tui.frame.preferences import load_preferences

    path = folder / "settings.toml"
    path.write_text('theme = "light"\ncolumns = ["loss", "age"]\n[keymap]\n"runs.pause" = "f5"\n')
    return Made(path, (lambda: load_preferences(path),))


def configuration(folder: Path) -> Made:
    from core.config import read_table

    path = folder / "mine.toml"
    path.write_text('[a]\nsteps = 3\nnames = ["x"]\n[a.optimiser]\nname = "sgd"\n')
    return Made(path, (lambda: read_table("halonet", f"{path}:a"),))


def campaign(folder: Path) -> Made:
    from core.cosmos.campaign import read_table
    from core.cosmos.cosmology import preset

    path = folder / "design.txt"
    path.write_text("omega_matter sigma8\n0.3 0.8\n0.31 0.9\n")
    return Made(path, (lambda: read_table(path, preset("planck2018")),))
