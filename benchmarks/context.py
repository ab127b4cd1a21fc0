"""On what the benchmarks ran."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

from harness import LEFT_OUT, browser_version


def machine() -> str:
    """Return the processor and the versions, in one line."""
    parts = (
        f"{_processor()}, {cores()} cores",
        f"{platform.system()}",
        f"Python {platform.python_version()}",
        *(
            f"{label} {version(name)}"
            for label, name in (
                ("numpy", "numpy"),
                ("torch", "torch"),
                ("onnxruntime", "onnxruntime"),
                ("JupyterLab", "jupyterlab"),
                ("jupyter_server", "jupyter_server"),
                ("anywidget", "anywidget"),
                ("ipywidgets", "ipywidgets"),
            )
        ),
        f"Chromium {browser_version()} without a screen",
        *(f"{name} unset" for name in LEFT_OUT),
    )
    return ", ".join(parts)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> str:
    """Return how busy the machine is: processes that want a core, on average over a minute."""
    return f"load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()
