"""What a page's main thread did while a pen drew, out of Chromium's own trace."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
"""What has to be traced."""
OWN = "the widget's JavaScript"
MOMENTS = {"pointerdown": " at the press", "pointerup": " at the lift"}

Event = dict[str, Any]


@dataclass
class Task:
    """One task, times in ms."""

    begin: float
    wall: float
    cpu: float
    is_down: bool
    """Whether the pen was on the pad then; it is in the task that presses it and in the one that lifts it."""
    own: list[float] = field(default_factory=list)
    """The stretches of the widget's JavaScript in it, each with all that it calls."""
    inside: list[Event] = field(default_factory=list)

    @property
    def is_mostly_own(self) -> bool:
        """Whether the widget's JavaScript took more than half of it."""
        return 2 * sum(self.own) > self.wall

    @property
    def largest_part(self) -> str:
        """What took most of it, each part without those that it called, and when it was."""
        spent = Counter({"nothing that is traced": round(1000 * self.wall)})
        around: list[Event] = []
        for event in self.inside:
            while around and event["ts"] >= _end(around[-1]):
                around.pop()
            spent[_label(around[-1]) if around else "nothing that is traced"] -= event["dur"]
            spent[_label(event)] += event["dur"]
            around.append(event)
        moments = (when for kind, when in MOMENTS.items() if _dispatched(self.inside, kind))
        return spent.most_common(1)[0][0] + "".join(moments)


def tasks(trace: list[Event]) -> list[Task]:
    """Return the tasks of the page's main thread from the one on in which the pen is pressed."""
    begin, *_ = presses = _dispatched(trace, "pointerdown")
    held = [(down["ts"], up["ts"]) for down, up in zip(presses, _dispatched(trace, "pointerup"), strict=True)]
    found: list[Task] = []
    own_end = 0.0
    for event in sorted(trace, key=lambda event: (event["ts"], -event.get("dur", 0))):
        if event["ph"] != "X" or (event["pid"], event["tid"]) != (begin["pid"], begin["tid"]):
            continue
        if event["name"] == "RunTask":
            is_down = any(event["ts"] <= up and down <= _end(event) for down, up in held)
            wall: float = event["dur"]
            found.append(Task(event["ts"] / 1000, wall / 1000, event.get("tdur", wall) / 1000, is_down))
        elif found and event["ts"] / 1000 < found[-1].begin + found[-1].wall:
            found[-1].inside.append(event)
            if _label(event) == OWN and event["ts"] >= own_end:
                found[-1].own.append(event["dur"] / 1000)
                own_end = _end(event)
    first = next(n for n, task in enumerate(found) if task.is_down)
    return found[first:]


def _dispatched(trace: list[Event], kind: str) -> list[Event]:
    return [event for event in trace if event["name"] == "EventDispatch" and event["args"]["data"]["type"] == kind]


def _end(event: Event) -> float:
    end: float = event["ts"] + event["dur"]
    return end


def _label(event: Event) -> str:
    name: str = event["name"]
    if name == "FunctionCall":
        # anywidget imports the widget's module from a blob; JupyterLab's own come from its server.
        return OWN if event["args"]["data"].get("url", "").startswith("blob:") else "other JavaScript"
    return "garbage collection" if "GC" in name else f"`{name}`"
