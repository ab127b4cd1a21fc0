"""Other people's code is called with a time limit, in a forked process too."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from digit_widget.deadline import MAX_STUCK, Caller, DeadlineError

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def run(script: str) -> str:
    """Run a script in a fresh interpreter, where only the threads of its own are running, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORKED) + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


FORKED = """
import os, signal, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later warn of a fork beside threads
import numpy as np
from digit_widget import Classifier
from digit_widget.deadline import MAX_STUCK, Caller, DeadlineError
from digit_widget.known import drawings

def in_child(check):
    child = os.fork()
    if not child:
        signal.alarm(60)  # a child that waits for ever ends
        ok = False
        try:
            ok = check()
        finally:
            os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
"""


@forks
def test_a_model_of_ones_own_answers_after_a_fork() -> None:
    """A classifier that has answered in the parent answers in the child, and goes on answering in the parent."""
    run("""
        classifier = Classifier(lambda picture: 3, timeout=5)
        def answers():
            return classifier.classify(drawings()[:1])[0].prediction == 3
        assert answers()
        in_child(answers)
        in_child(lambda: Classifier(lambda picture: 4).classify(drawings()[:1])[0].prediction == 4)
        assert answers()
    """)


@forks
def test_calls_that_hang_in_the_parent_are_not_counted_in_the_child() -> None:
    """A child has none of the parent's threads, so none of its calls: they cannot use up the child's limit."""
    run("""
        caller, release = Caller(), threading.Event()
        for _ in range(MAX_STUCK):
            try:
                caller.within(0.01, lambda: release.wait(60))
            except DeadlineError:
                pass
        in_child(lambda: caller.within(5, lambda: True))
        try:
            caller.within(5, lambda: True)
        except DeadlineError as error:
            assert "still running" in str(error)
        else:
            raise AssertionError("the parent's calls are running")
        release.set()
    """)


@forks
def test_locks_are_free_in_a_forked_child() -> None:
    """A lock that another thread of the parent held at the fork does not stop the child."""
    run("""
        from digit_widget import deadline, models
        held, release = threading.Event(), threading.Event()
        def hold():
            with deadline._lock, models._loading:
                held.set()
                release.wait(60)
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(60)
        in_child(lambda: Caller().within(5, lambda: True) and models.load_model().classes == 10)
        release.set()
        thread.join()
        assert Caller().within(5, lambda: models.load_model().classes) == 10
    """)


@forks
def test_the_number_of_torchs_threads_is_the_users_in_a_forked_child() -> None:
    """A fork while a small network is limited to one thread leaves the child the user's number, and a free lock."""
    run("""
        import torch
        from digit_widget.models import threads
        before = torch.get_num_threads()
        users = before + 2
        torch.set_num_threads(users)
        limited, release = threading.Event(), threading.Event()
        def limit():
            with threads.one_thread():
                limited.set()
                release.wait(60)
        thread = threading.Thread(target=limit)
        thread.start()
        limited.wait(60)
        def check():
            assert torch.get_num_threads() == users, torch.get_num_threads()
            torch.set_num_threads(users + 1)
            with threads.one_thread():
                assert torch.get_num_threads() == 1
            return torch.get_num_threads() == users + 1
        in_child(check)
        release.set()
        thread.join()
    """)


def test_a_call_that_takes_too_long_is_given_up_on() -> None:
    """The error says how long was waited, and its notes where the code is; the thread is free when the call ends."""
    release = threading.Event()

    def hang_here() -> bool:
        return release.wait(20)

    caller = Caller()
    with pytest.raises(DeadlineError, match=r"no answer within 0\.01 s") as refusal:
        caller.within(0.01, hang_here)
    assert "hang_here" in "".join(refusal.value.__notes__)
    assert len(caller.stuck) == 1
    release.set()
    assert caller.stuck[0].wait(20)
    assert caller.within(5, lambda: 1) == 1
    assert caller.stuck == []


def test_calls_that_hang_are_counted_for_each_caller() -> None:
    """After `MAX_STUCK` calls that hang no more are started for that caller, until one ends; others are free."""
    release = threading.Event()
    caller = Caller()
    for _ in range(MAX_STUCK):
        with pytest.raises(DeadlineError, match="no answer within"):
            caller.within(0.01, lambda: release.wait(20))
    with pytest.raises(DeadlineError, match="are still running"):
        caller.within(1, lambda: 1)
    assert Caller().within(5, lambda: 1) == 1
    release.set()
    for done in caller.stuck:
        assert done.wait(20)
    assert caller.within(5, lambda: 1) == 1


def test_what_a_function_raises_is_raised() -> None:
    """Exceptions arrive as they are; what would end a thread or a program arrives as a RuntimeError."""

    def raises(error: BaseException) -> None:
        raise error

    with pytest.raises(KeyError, match="cheese"):
        Caller().within(5, lambda: raises(KeyError("cheese")))
    with pytest.raises(RuntimeError, match="SystemExit: bye"):
        Caller().within(5, lambda: raises(SystemExit("bye")))
