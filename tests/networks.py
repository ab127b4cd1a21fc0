"""The bundled network as a torch module: somebody's own model, whatever digit-widget answers with itself."""

from __future__ import annotations

from functools import cache

from digit_widget.models.cnn import CNN

bundled_network = CNN.pretrained
"""A new one at each call."""

shared_network = cache(bundled_network)
"""The same one at each call, for functions that are called often and change nothing."""
