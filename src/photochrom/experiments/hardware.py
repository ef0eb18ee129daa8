"""What a cell was trained on, in words, for pace means nothing without it."""

import os
import platform
from pathlib import Path

import torch

_CPUS = Path("/proc/cpuinfo")


def described(device: torch.device) -> str:
    """Such as `2 cores of Intel Xeon` or `NVIDIA H200`."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    lines = _CPUS.read_text().splitlines() if _CPUS.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{torch.get_num_threads()} threads of {os.cpu_count()} cores, {name}"
