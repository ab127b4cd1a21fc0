"""A pad in a Solara app, and a text that follows it."""

import solara

from digit_widget import DigitWidget


@solara.component
def Page():
    prediction, set_prediction = solara.use_state(None)
    with solara.Column():
        DigitWidget.element(on_prediction=set_prediction)
        solara.Text(f"Python says {prediction}")
