"""The halo lens over the slices: a list of halos, a walk through the errors of a run, truth against prediction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from app.tui.frame.calculator import Calculator
from app.tui.screens.slices.camera import Camera, Point
from app.tui.screens.slices.card_screen import CardScreen
from app.tui.screens.slices.halo_list import HaloList
from app.tui.screens.slices.moves import CameraScreen
from app.tui.screens.slices.reader import first_catalogue
from core.analysis.lens.bins import Place
from core.analysis.lens.halo_table import HaloRow, errors_by_mass, from_json
from core.analysis.views.panels import described
from core.runs.run import Run, is_run


class LensScreen(CameraScreen):
    """Slices whose halos are known one by one."""

    def __init__(self) -> None:
        super().__init__()
        self._listing = False
        """Whether the list of halos is shown."""
        self._rows: tuple[HaloRow, ...] = ()
        self._rows_of: tuple[str, ...] = ()
        self._row: HaloRow | None = None
        """The halo that was gone to."""
        self._goal: Point | None = None
        """Where to go as soon as the file is open."""
        self._calculator = Calculator(self.post_message, _rows_in)

    def _arrange(self) -> None:
        raise NotImplementedError

    def _tell(self) -> None:
        raise NotImplementedError

    def on_unmount(self) -> None:
        self._calculator.cancel()

    # the halos of what is looked at

    def _know(self) -> None:
        """Let the halos be read that the list or the walk needs, unless they are known."""
        if not (self.camera and self.images) or not (self._listing or self.camera.partner):
            return
        universe = self.images[0].panel.source.universe
        name = first_catalogue(universe, self.camera.overlays.catalogue)
        partner = str(self.camera.partner) if self._predicted else ""
        wanted = (str(universe.path), name, partner)
        if name and wanted != self._rows_of:
            self._rows_of, self._rows = wanted, ()
            self._calculator.ask("halos", universe=wanted[0], catalogue=name, prediction=partner)

    @property
    def _predicted(self) -> bool:
        """Whether the partner is a prediction of one file, and the images know both."""
        return any(image.panel.role == "prediction" for image in self.images)

    def on_calculator_answered(self, message: Calculator.Answered) -> None:
        if message.problem:
            self._rows_of = ()
            if self._listing:
                self.notify(message.problem, severity="error", markup=False)
            return
        self._rows = message.answer["rows"]
        self.query_one(HaloList).show(self._rows)
        self._tell()

    def verdict_at(self, rank: int) -> str:
        """What the prediction makes of the true halo of this rank."""
        found = next((row for row in self._rows if row.side == "true" and row.rank == rank), None)
        return found.verdict if found else ""

    @property
    def lens_words(self) -> str:
        """The halo that was gone to, as long as the cursor is on it."""
        place = self._place_of(self._row) if self._row else None
        if not (self._row and place and self.camera and self.camera.at == self.camera.gone_to(place).at):
            return ""
        errors = errors_by_mass(self._rows)
        which = f"error {errors.index(self._row) + 1} of {len(errors)}: " if self._row in errors else ""
        return f"{which}{self._row.words}"

    def _place_of(self, row: HaloRow) -> Point | None:
        return row.place(described(self.images[0].panel.source).frame) if self.images else None

    def _go_to_row(self, row: HaloRow) -> None:
        """The cursor to a halo in every pane."""
        place = self._place_of(row)
        if place is None:
            self.notify(f"{row.words} has no place in this frame: choose another field", severity="warning")
            return
        self._row = row
        self.query_one(HaloList).choose(row)
        self._turn(lambda camera: camera.gone_to(place))

    def walk(self, by: int) -> bool:
        """Go to the next or previous error by mass; whether there is a prediction to have any."""
        if not (self.camera and self.camera.partner and self._predicted and self._rows_of and self._rows_of[2]):
            return False
        if self._rows and not any(row.verdict for row in self._rows):
            return False  # a prediction without halos
        errors = errors_by_mass(self._rows)
        if not errors:
            self.notify("every halo is matched" if self._rows else "the halos are still being compared")
            return True
        start = errors.index(self._row) + by if self._row in errors else 0 if by > 0 else -1
        self._go_to_row(errors[start % len(errors)])
        return True

    # the list and the card

    def action_list(self) -> None:
        """Show the list of halos, or hide it."""
        self._listing = not self._listing
        self._arrange()
        self._know()
        table = self.query_one(HaloList)
        table.show(self._rows)
        if self._listing:
            table.focus()
        else:
            self._focus_slice()

    def on_halo_list_chosen(self, message: HaloList.Chosen) -> None:
        self._go_to_row(message.row)
        if message.taken:
            self._listing = self._listing and self.app.size.width >= 100
            self._arrange()
            self._focus_slice()

    def on_halo_list_card(self, message: HaloList.Card) -> None:
        universe, name, partner = self._rows_of
        row = message.row
        self.app.push_screen(
            CardScreen(
                row.words,
                {"universe": universe, "catalogue": name, "prediction": partner, "rank": row.rank, "side": row.side},
            )
        )

    def _focus_slice(self) -> None:
        raise NotImplementedError

    # where a run fails

    def action_residuals(self) -> None:
        """Where the run fails whose prediction is beside the universe, or the chosen one."""
        from app.tui.screens.slices.residuals_screen import ResidualsScreen

        run = self._run()
        if run is None:
            self.notify("no run to look at: compare with a prediction, or choose a run in runs")
            return
        self.app.push_screen(ResidualsScreen(run, [str(self.bench.universes)]), self._jump)  # type: ignore[arg-type]

    def _run(self) -> Run | None:
        partner = self.camera.partner if self.camera else None
        if partner and partner.parent.name == "predictions" and is_run(partner.parent.parent):
            return Run(partner.parent.parent)
        entries = {entry.name: entry.run for entry in self.bench.entries if not entry.problem}
        return entries.get(self.bench.selection.run)

    def _jump(self, place: Place | None) -> None:
        """To an error, in every pane: the universe, its prediction, the place."""
        if place is None:
            return
        universe, prediction = (_shortest(path) for path in (place.universe, place.prediction))
        self._goal, self._row = place.at, None
        before = self.camera or Camera(universe)
        field = "" if before.path != universe else before.field
        camera = replace(before, path=universe, partner=prediction, field=field, cells=0, zoom=1.0, centre=None)
        self.bench.selection = self.bench.selection.showing(universe)
        self._aim(camera)

    def _reach(self) -> bool:
        """Go to the place that was asked for before its file was open; whether there was one."""
        goal, self._goal = self._goal, None
        if goal is not None and self.images:
            self._turn(lambda camera: camera.gone_to(goal))
        return goal is not None

    # truth against prediction

    def action_blink(self) -> None:
        """The truth alone, the prediction alone in its place, and back."""
        roles: list[str] = [image.panel.role for image in self.images]
        pair = ("truth", "prediction") if "prediction" in roles else ("pair", "pair")
        if pair[0] not in roles:
            self.notify("nothing to blink with: compare with a prediction first")
            return
        truth = roles.index(pair[0])
        other = roles.index(pair[1], truth + 1)
        self._show_alone(other if self._chosen == truth and self._alone else truth)

    _chosen = 0
    _alone = False

    def _show_alone(self, number: int) -> None:
        self._chosen, self._alone = number, True
        self._arrange()
        self._tell()


def _rows_in(answer: dict[str, Any]) -> dict[str, Any]:
    return {"rows": tuple(from_json(row) for row in answer["rows"])}


def _shortest(path: Path) -> Path:
    """A path as it is written from here, as paths of the workbench are."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path
