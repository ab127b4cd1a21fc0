"""A network inside a function is asked in evaluation mode, and its mode and statistics are left alone."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

import pytest
import torch
from drawings import digit_ink
from torch import nn

from digit_widget import Classifier

if TYPE_CHECKING:
    from collections.abc import Callable


def _network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10)).train()


class _Holder:
    def __init__(self, network: Any) -> None:  # noqa: ANN401
        self.network, self.calls = network, 0

    def ask(self, batch: Any) -> Any:  # noqa: ANN401
        self.calls += 1
        return self.network(batch)

    __call__ = ask


def _in_closure(network: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    return lambda batch: network(batch).softmax(1)


def _in_helper(network: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    def helper(batch: Any) -> Any:  # noqa: ANN401
        return network(batch)

    return lambda batch: helper(batch).softmax(1)


def _in_globals(network: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    scope = {"network": network, "asked": 0}
    exec("def ask(batch):\n    global asked\n    asked += 1\n    return network(batch)", scope)  # noqa: S102
    return scope["ask"]


def _as_default(network: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    return lambda batch, model=network: model(batch)


def _as_partial(network: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    return functools.partial(lambda model, batch: model(batch), network)


@pytest.mark.parametrize(
    "wrap",
    [
        _in_closure,
        _in_helper,
        _in_globals,
        _as_default,
        _as_partial,
        lambda network: _Holder(network).ask,
        _Holder,
        lambda network: network.forward,
    ],
    ids=["closure", "helper", "globals", "default", "partial", "method", "object", "forward"],
)
def test_a_network_in_a_function_is_evaluated(wrap: Callable[[Any], Any]) -> None:
    """One picture asked four times gives one answer; the network's mode and its statistics are left alone."""
    network = _network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    classifier = Classifier(wrap(network))
    answers = [classifier.classify([digit_ink(3)])[0].probabilities for _ in range(4)]
    assert len(set(answers)) == 1
    assert all((value == before[name]).all() for name, value in network.state_dict().items())
    assert all(module.training for module in network.modules())


def test_what_a_function_assigns_stays() -> None:
    """A counter in an object with a network, or among the globals, goes on counting."""
    holder = _Holder(_network())
    Classifier(holder.ask)
    assert holder.calls > 0
    function = _in_globals(_network())
    Classifier(function)
    assert function.__globals__["asked"] > 0


def test_a_network_in_a_function_is_trained_meanwhile() -> None:
    """A network in a function is asked in evaluation mode while its owner switches it to training all the time."""
    network = _network()
    classifier = Classifier(_in_closure(network))
    done = threading.Event()

    def train() -> None:
        while not done.is_set():
            network.train()

    owner = threading.Thread(target=train)
    owner.start()
    try:
        answers = {classifier.classify([digit_ink(3)])[0].probabilities for _ in range(20)}
    finally:
        done.set()
        owner.join()
    assert len(answers) == 1
    assert network.training
