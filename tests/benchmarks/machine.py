"""What a benchmark ran on."""

import os
import platform
from importlib.metadata import version

from explorer.training.devices import available_devices


def describe(*packages: str) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    devices = "; ".join(f"{name}: {text}" for name, text in available_devices().items())
    return (
        f"{devices}; {os.cpu_count()} cores in all; Python {platform.python_version()}, {versions}"
    )
