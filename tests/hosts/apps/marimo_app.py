# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""A pad in a marimo app, and a cell that follows it."""

import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo

    from digit_widget import DigitWidget

    return DigitWidget, mo


@app.cell
def _(DigitWidget, mo):
    pad = mo.ui.anywidget(DigitWidget())
    pad
    return (pad,)


@app.cell
def _(mo, pad):
    mo.md(f"Python says {pad.value['prediction']}")


if __name__ == "__main__":
    app.run()
