"""A pad in a Panel app, and a pane that follows it."""

import panel as pn

from digit_widget import DigitWidget

pn.extension("ipywidgets")

pad = DigitWidget()
said = pn.pane.Str("Python says nothing")
pad.observe(lambda change: said.param.update(object=f"Python says {change.new}"), "prediction")

pn.Column(pn.pane.IPyWidget(pad), said).servable()
