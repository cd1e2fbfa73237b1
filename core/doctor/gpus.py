"""NVIDIA GPUs: memory, driver, error correction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from core.doctor.finding import Finding, examined


def gpus() -> list[Finding]:
    """Each GPU that torch sees, and what the driver says of it."""
    return examined("gpu", (_seen, _driver))


def _seen() -> Iterator[Finding]:
    import torch

    if not torch.cuda.is_available():
        built = torch.version.cuda is not None
        remedy = "check nvidia-smi and the driver" if built else "for a GPU install torch built for CUDA"
        yield Finding("gpu", "torch", f"torch {torch.__version__} sees none", "absent", remedy)
        return
    for number in range(torch.cuda.device_count()):
        free, there = torch.cuda.mem_get_info(number)
        bf16 = "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "no bf16"
        what = f"{torch.cuda.get_device_name(number)}, {free / 2**30:.0f} GiB free of {there / 2**30:.0f}, {bf16}"
        busy = free < 0.5 * there
        remedy = "another process has its memory" if busy else ""
        yield Finding("gpu", f"cuda:{number}", what, "warning" if busy else "good", remedy)


def _driver() -> Iterator[Finding]:
    try:
        import pynvml
    except ImportError:
        yield Finding("gpu", "nvidia-ml-py", "not installed", "absent", "pip install 'halodeck[gpu]' to see its load")
        return
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return
    yield Finding("gpu", "driver", str(pynvml.nvmlSystemGetDriverVersion()))
    for number in range(pynvml.nvmlDeviceGetCount()):
        handle = pynvml.nvmlDeviceGetHandleByIndex(number)
        with suppress(pynvml.NVMLError):  # not every GPU has error correction
            on = bool(pynvml.nvmlDeviceGetEccMode(handle)[0])
            remedy = "" if on else "nvidia-smi --ecc-config=1"
            yield Finding("gpu", f"ECC of {number}", "on" if on else "off", "good" if on else "warning", remedy)
            kinds = (pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, pynvml.NVML_VOLATILE_ECC)
            if errors := pynvml.nvmlDeviceGetTotalEccErrors(handle, *kinds):
                words = f"{errors} uncorrected since the start"
                yield Finding("gpu", f"memory errors of {number}", words, "bad", "use another GPU, tell its owners")
    pynvml.nvmlShutdown()
