"""A pad in a Shiny app, and an output that follows it."""

from shiny import App, render, ui
from shinywidgets import output_widget, reactive_read, render_widget

from digit_widget import DigitWidget

page = ui.page_fluid(ui.input_dark_mode(), output_widget("pad"), ui.output_text("said"))


def server(input, output, session):  # noqa: A002, ARG001 - Shiny gives these names
    @render_widget
    def pad():
        return DigitWidget()

    @render.text
    def said():
        return f"Python says {reactive_read(pad.widget, 'prediction')}"


app = App(page, server)
