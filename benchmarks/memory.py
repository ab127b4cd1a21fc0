"""What a kernel holds in memory: bare, and with one pad that has answered a drawing."""

from __future__ import annotations

from harness import in_lab, resident
from report import Table, median

PAD = "from digit_widget import DigitWidget, models\npad = DigitWidget({model})\npad"
CELLS = {
    "a bare kernel": "pass",
    "one answered pad": PAD.format(model=""),
    "the same network as a torch module": (
        "from digit_widget.models.cnn import CNN\n" + PAD.format(model="CNN.pretrained()")
    ),
    "the same network as an ONNX file": PAD.format(model="models.bundled().with_suffix('.onnx')"),
}
BARE = next(iter(CELLS))


def measure(*, quick: bool) -> list[Table]:
    """Run a cell in a fresh kernel of JupyterLab, draw a digit on the pad, and read what the kernel's process holds."""
    held: dict[str, list[float]] = {name: [] for name in CELLS}
    with in_lab() as lab:
        for _ in range(1 if quick else 5):
            for name, cell in CELLS.items():
                with lab.fresh_kernel() as kernel:
                    notebook = lab.open(kernel, cell).run()
                    if name != BARE:
                        pad = notebook.pad()
                        pad.draw_digit(3)
                        pad.expect_digit(3)
                    held[name].append(resident(kernel.read("__import__('os').getpid()")))
    bare = median(held[BARE])
    rows = [
        (name, f"{median(own):.1f}", f"{max(own):.1f}", f"{median(own) - bare:+.1f}", str(len(own)))
        for name, own in held.items()
    ]
    head = ("", "median, MiB", "most, MiB", "beside bare", "n")
    remark = "Resident memory of the kernel's process in JupyterLab, after one drawing with a mouse and its answer."
    return [Table("A kernel's memory", head, rows, remark)]
