"""How busy this machine is: processor, memory and NVIDIA GPUs, the latter quietly absent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.message import Message

from app.tui.frame.wording import gigabytes

EVERY = 2.0
"""Seconds between two looks, while a run is alive."""
NO_GPU = "no GPU"


@dataclass(frozen=True)
class Gpu:
    """One GPU: load in per cent, memory in bytes, temperature in degrees Celsius; None where it does not tell."""

    name: str
    load: int | None = None
    used: int | None = None
    memory: int | None = None
    temperature: int | None = None


class MachineRead(Message):
    """What the machine does now, in a line; the name of its GPUs."""

    def __init__(self, load: str, gpu: str) -> None:
        self.load = load
        self.gpu = gpu
        super().__init__()


class Gauge:
    """Reads the machine from a thread while it is wanted, and posts what changed."""

    def __init__(self, post: Callable[[Message], Any]) -> None:
        self._post = post
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._said: tuple[str, str] | None = None

    def want(self, wanted: bool) -> None:
        """Go on reading, or stop until wanted again (any thread)."""
        (self._wanted.set if wanted else self._wanted.clear)()

    def stop(self) -> None:
        """End `follow` soon (any thread)."""
        self._stopped.set()
        self._wanted.set()

    def follow(self) -> None:
        """Say what GPUs there are, then read while wanted: the body of the thread."""
        library = _nvidia()
        try:
            while not self._stopped.is_set():
                self.say("", _names(_gpus(library)))
                self._wanted.wait()
                _processor()  # a load is that since the call before
                while self._wanted.is_set() and not self._stopped.wait(EVERY):
                    gpus = _gpus(library)
                    self.say(described(*_processor(), gpus), _names(gpus))
        finally:
            if library:
                library.nvmlShutdown()

    def say(self, load: str, gpu: str) -> None:
        """Post a reading that differs from the one before."""
        if (load, gpu) != self._said:
            self._said = load, gpu
            self._post(MachineRead(load, gpu))


def described(processor: float, used: int, memory: int, gpus: list[Gpu]) -> str:
    """One line: "CPU 93 % · 5.1 of 16 GB · GPU 98 %, 41 of 144 GB, 64 °C"."""
    parts = [f"CPU {processor:.0f} %", f"{gigabytes(used)} of {gigabytes(memory)} GB"]
    for number, gpu in enumerate(gpus):
        facts = []
        if gpu.load is not None:
            facts.append(f"{gpu.load} %")
        if gpu.used is not None and gpu.memory is not None:
            facts.append(f"{gigabytes(gpu.used)} of {gigabytes(gpu.memory)} GB")
        if gpu.temperature is not None:
            facts.append(f"{gpu.temperature} °C")
        parts.append(f"GPU{f' {number}' if len(gpus) > 1 else ''} {', '.join(facts) or '-'}")
    return " · ".join(parts)


def _names(gpus: list[Gpu]) -> str:
    """The GPUs in few words: "NVIDIA H200", "4 x NVIDIA A100", "no GPU"."""
    kinds = dict.fromkeys(gpu.name for gpu in gpus)
    counts = {kind: sum(gpu.name == kind for gpu in gpus) for kind in kinds}
    return ", ".join(kind if n == 1 else f"{n} x {kind}" for kind, n in counts.items()) or NO_GPU


def _processor() -> tuple[float, int, int]:
    """Load since the last call in per cent of all processors, memory used and there in bytes."""
    import psutil

    memory = psutil.virtual_memory()
    return psutil.cpu_percent(), memory.total - memory.available, memory.total


def _nvidia() -> Any:
    """NVIDIA's management library, ready to be asked; None without it (package nvidia-ml-py) or without a driver."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def _gpus(library: Any) -> list[Gpu]:
    if library is None:
        return []

    def told(ask: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return ask(*arguments)
        except library.NVMLError:  # e.g. not supported by this GPU
            return None

    gpus = []
    for number in range(told(library.nvmlDeviceGetCount) or 0):
        device = told(library.nvmlDeviceGetHandleByIndex, number)
        if device is None:
            continue
        load = told(library.nvmlDeviceGetUtilizationRates, device)
        memory = told(library.nvmlDeviceGetMemoryInfo, device)
        gpus.append(
            Gpu(
                str(told(library.nvmlDeviceGetName, device) or "GPU"),
                load.gpu if load else None,
                memory.used if memory else None,
                memory.total if memory else None,
                told(library.nvmlDeviceGetTemperature, device, library.NVML_TEMPERATURE_GPU),
            )
        )
    return gpus
