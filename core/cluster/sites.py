"""Sites: where jobs go and what has to be said there. Yours in ~/.config/halodeck/sites.toml, examples in configs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from pydantic import Field as Setting
from pydantic import field_validator

from core.config import CONFIGS, Settings, resolve
from core.errors import ConfigError, HalodeckError, InputError, UsageError, did_you_mean
from core.reading import read_toml

_TIME = re.compile(r"(\d+-\d{1,2}(:\d\d(:\d\d)?)?|\d+(:\d\d(:\d\d)?)?)")
_HEAD = '$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)'


class Site(Settings):
    """One machine, or one way to use it."""

    account: str = ""
    """Who pays: sbatch --account."""
    partition: str = ""
    """sbatch --partition."""
    qos: str = ""
    """sbatch --qos."""
    constraint: str = ""
    """sbatch --constraint."""
    gpus: str = "--gpus-per-node={gpus}"
    """How GPUs are asked for."""
    cores_per_rank: int = Setting(0, ge=0)
    """Cores of each process; 0 leaves them to the queue."""
    memory: str = ""
    """sbatch --mem, of a node."""
    time: str = "1:00:00"
    """How long a job may take where --time does not say."""
    notice: int = Setting(120, ge=10)
    """Seconds before its end at which a job is told to make room."""
    options: tuple[str, ...] = ()
    """Other options of sbatch, e.g. --mail-type=END."""
    setup: tuple[str, ...] = ()
    """Lines of the script before anything is started, e.g. module load cuda."""
    launcher: str = "srun --kill-on-bad-exit=1"
    """What starts one process on each node."""
    head: str = _HEAD
    """The name of the first node, as the others reach it."""
    scratch: str = ""
    """A fast folder for what may be made again, e.g. $SCRATCH/halodeck."""

    @field_validator("time")
    @classmethod
    def _is_time(cls, text: str) -> str:
        return checked_time(text)

    @field_validator("account", "partition", "qos", "constraint", "memory", "gpus", "options")
    @classmethod
    def _is_one_line(cls, text: Any) -> Any:
        if any(not line.isprintable() for line in ([text] if isinstance(text, str) else text)):
            raise ValueError("holds a line break or another sign that cannot be printed")
        return text


def checked_time(text: str) -> str:
    """A time as SLURM writes it: minutes, h:mm, h:mm:ss or days-hours. Raises: ValueError."""
    if not _TIME.fullmatch(text) or not re.search(r"[1-9]", text):
        raise ValueError("is no time: write 90 (minutes), 1:30:00 or 2-12 (days-hours)")
    return text


def own_sites() -> Path:
    """`halodeck/sites.toml` in the user's folder for configuration."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "halodeck" / "sites.toml"


def sites() -> dict[str, Site]:
    """Every site by name: yours, and the examples that yours do not replace.

    Raises: ConfigError for wrong settings, InputError for a file that cannot be read.
    """
    examples, own = read_toml(CONFIGS / "sites.toml"), {}
    try:
        own = read_toml(own_sites())
    except FileNotFoundError:
        pass
    except HalodeckError as error:
        raise InputError(f"{own_sites()} is not readable ({error.problem})", "correct it") from error
    tables = {**examples, **own}
    return {name: _site(name, tables) for name in tables}


def site(name: str) -> Site:
    """The site of this name. Raises: UsageError with a suggestion, ConfigError, InputError."""
    known = sites()
    if name not in known:
        raise UsageError(f"unknown site {name!r}", f"{did_you_mean(name, known)} Yours stand in {own_sites()}")
    return known[name]


def _site(name: str, tables: dict[str, Any], above: tuple[str, ...] = ()) -> Site:
    table = tables[name]
    if not isinstance(table, dict):
        raise InputError(f"{own_sites()}: {name} is no table", f"write [{name}] above its settings")
    inherited: dict[str, Any] = {}
    if (like := table.get("like")) is not None:
        if like not in tables or like in (*above, name):
            raise InputError(f"site {name} is like {like!r}, which is no other site", did_you_mean(str(like), tables))
        inherited = _site(str(like), tables, (*above, name)).model_dump()
    own = {key: value for key, value in table.items() if key != "like"}
    try:
        return resolve(Site, {**inherited, **own}, [])
    except ConfigError as error:
        raise ConfigError([f"site {name}: {problem}" for problem in error.problems]) from None
