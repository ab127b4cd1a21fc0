"""Run the benchmarks, print what they found, and write it into README.md beside this file.

python benchmarks/run.py [--quick] [--only NAME ...]
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import context
from report import insert

NAMES = (
    "install",
    "start",
    "memory",
    "prediction",
    "engines",
    "own",
    "size",
    "latency",
    "drawing",
    "page",
    "feedback",
    "serving",
)
README = Path(__file__).parent / "README.md"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure digit-widget, and write what is found into README.md.")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="few repetitions; only printed, not written")
    arguments = parser.parse_args()
    machine = context.machine()
    for name in arguments.only:
        print(f"\n=== {name} ===", flush=True)
        load = context.load()
        tables = import_module(name).measure(quick=arguments.quick)
        where = f"{machine}; {load} when it began."
        print(*(table.text() for table in tables), "", where, sep="\n", flush=True)
        if not arguments.quick:
            insert(README, name, "\n\n".join([*(table.markdown() for table in tables), f"*{where}*"]))
    if arguments.quick:
        print("\nFew repetitions: README.md and latency.png are left as they were.")


if __name__ == "__main__":
    main()
