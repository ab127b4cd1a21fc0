"""A pad on a page of its own: one file, opened from the disk, that answers without Python and without a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from padview import ITSELF, NOTHING, PadView, keycap
from playwright.sync_api import expect
from pointer import Finger
from test_access import faults

from digit_widget import DigitWidget
from digit_widget.models import bundled
from digit_widget.picture import to_data_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    Open = Callable[..., PadView]

pytestmark = pytest.mark.browser

DOCS = Path(__file__).parents[2] / "docs"
OTHERWISE = "The model calculates otherwise in this browser than in Python. Try another browser."
LETTER = [[[0.1, 0.9], [0.1, 0.1], [0.5, 0.6], [0.9, 0.1], [0.9, 0.9]]]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 3}


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Give what opens a page's HTML; the test fails on an error in it, and on a request for anything but the page."""
    wrong: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_page(html: str, **context: Any) -> PadView:  # noqa: ANN401 - what Playwright takes
        file = tmp_path / "pad.html"
        file.write_text(html, encoding="utf-8")
        contexts.append(browser.new_context(offline=True, **context))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))  # a policy's refusals are told here
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        return PadView(page, page.locator(".digit-widget"))

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
    own = (tmp_path / "pad.html").as_uri()
    assert [url for url in asked if url != own and not url.startswith("blob:")] == []  # a module out of the page itself


def test_every_digit_is_answered(opened: Open) -> None:
    """Drawn with the mouse, in a corner; undone, cleared, and drawn with keys."""
    pad = opened(DigitWidget().to_html(title="For my colleagues"))
    expect(pad.page.get_by_role("heading")).to_have_text("For my colleagues")
    expect(pad.part("message")).to_have_text(ITSELF)
    for digit in range(10):
        pad.draw_digit(digit, (0.05, 0.05), 0.5)
        pad.expect_digit(digit)
        expect(pad.part("confidence")).to_contain_text("ure")
        assert sum(pad.seen()) < 28 * 28 * 255
        pad.click("clear")
        pad.expect_answer(NOTHING)
    pad.click("undo")
    pad.expect_digit(9)
    pad.click("clear")
    pad.draw(LETTER)
    pad.expect_answer(NOTHING)
    expect(pad.part("confidence")).to_contain_text("Not a digit")
    pad.canvas.focus()
    pad.page.keyboard.press("Delete")
    pad.draw_with_keys([[[0.5, 0.1], [0.5, 0.9]]])
    pad.expect_digit(1)


def test_why_is_answered_as_in_python(opened: Open) -> None:
    """The ink of both answers is coloured, also that of the next drawing; pressed again, none is."""
    made = DigitWidget()
    pad = opened(made.to_html())
    expect(pad.part("why")).to_be_disabled()
    pad.draw_digit(4, (0.05, 0.05), 0.6)
    pad.expect_digit(4)
    plain = pad.seen()
    pad.click("why")
    expect(pad.part("why")).to_have_attribute("aria-pressed", "true")
    expect(pad.part("legend")).to_have_text(f"Orange ink made it more {keycap(4)}, blue ink less")
    ink = 255 - np.asarray(pad.picture().resize((280, 280)))
    made.image = to_data_url(ink)
    assert made.explain().runner_up_result in pad.part("caption").nth(1).inner_text()
    assert pad.seen() != plain
    overlay = pad.overlay()
    assert overlay is not None
    alpha = np.asarray(overlay)[..., 3]
    assert (alpha[ink > 200] > 0).mean() > 0.8
    assert not alpha[ink == 0].any()

    pad.click("clear")
    pad.expect_answer(NOTHING)
    assert pad.overlay() is None
    pad.draw_digit(7)
    expect(pad.part("legend")).to_have_text(f"Orange ink made it more {keycap(7)}, blue ink less")
    pad.click("why")
    expect(pad.part("legend")).to_be_hidden()
    assert pad.overlay() is None
    pad.click("why")
    pad.draw(LETTER)
    expect(pad.part("message")).to_contain_text("It looks most like")


def test_why_of_a_picture_that_was_dropped(opened: Open, photo: Path, tmp_path: Path) -> None:
    """Its ink is coloured where it lies on the pad; a file that is no picture leaves that as it is."""
    pad = opened(DigitWidget().to_html())
    pad.drop(photo)
    pad.expect_digit(5)
    pad.click("why")
    expect(pad.part("legend")).to_have_text(f"Orange ink made it more {keycap(5)}, blue ink less")
    overlay = pad.overlay()
    assert overlay is not None
    ink, alpha = 255 - np.asarray(pad.picture().resize((280, 280))), np.asarray(overlay)[..., 3]
    assert (alpha[ink > 200] > 0).mean() > 0.8
    assert not alpha[ink == 0].any()
    (tmp_path / "notes.txt").write_text("no picture")
    pad.drop(tmp_path / "notes.txt")
    expect(pad.part("message")).to_have_text("That file is not a picture.")
    assert pad.overlay() is not None


def test_a_model_of_one_class_cannot_be_explained(opened: Open) -> None:
    """The page says so, and the button comes up again."""
    from digit_widget.models.cnn import CNN

    pad = opened(DigitWidget(CNN(1), labels=["ink"]).to_html())
    pad.draw_digit(7)
    pad.expect_answer("ink")
    pad.click("why")
    expect(pad.part("message")).to_contain_text("The model knows one class only")
    expect(pad.part("why")).to_have_attribute("aria-pressed", "false")


def test_a_drawing_need_not_wait_for_the_reasons_of_another(opened: Open) -> None:
    """They are given up as soon as the pad has changed, and it is the last drawing that is explained."""
    pad = opened(DigitWidget().to_html())
    pad.draw_digit(8)
    pad.expect_digit(8)
    pad.click("why")
    for digit in (1, 7, 3):
        pad.click("clear")
        pad.draw_digit(digit)
    pad.expect_digit(3)
    expect(pad.part("legend")).to_have_text(f"Orange ink made it more {keycap(3)}, blue ink less")


def test_a_finger_draws_on_a_phone(opened: Open) -> None:
    """At 390 × 844 the whole pad is on the screen, and the answer with it."""
    pad = opened(DigitWidget().to_html(), **PHONE)
    finger = Finger(pad.page)
    finger.draw(pad.canvas, [[[0.2, 0.2], [0.8, 0.2], [0.45, 0.9]]])
    pad.expect_digit(7)
    expect(pad.part("result")).to_be_in_viewport()
    assert pad.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_page(opened: Open, scheme: str) -> None:
    """Blank, answered and not a digit: with the whole page, not the pad alone."""
    pad = opened(DigitWidget().to_html(), color_scheme=scheme, bypass_csp=True)
    page = PadView(pad.page, pad.page.locator("html"))
    assert faults(page) == []
    pad.draw_digit(7)
    pad.expect_digit(7)
    assert faults(page) == []
    pad.click("why")
    expect(pad.part("legend")).to_be_visible()
    assert faults(page) == []
    pad.draw(LETTER)
    pad.expect_answer(NOTHING)
    assert faults(page) == []


def test_what_was_set_in_python_holds_on_the_page(opened: Open) -> None:
    """Labels, language, size, when to ask, what stands beside the pad; the title is what the blank pad says."""
    animals = ["🐱", "🐶", *"abcdefgh"]
    made = DigitWidget(labels=animals, locale="de", size=200, predict_on="button", panel="compact", prompt="Ein Tier")
    pad = opened(made.to_html())
    assert pad.page.title() == "Ein Tier"
    assert pad.page.locator("html").get_attribute("lang") == "de"
    expect(pad.part("bars")).to_be_hidden()
    expect(pad.canvas).to_have_css("width", "200px")
    pad.draw_digit(1)
    expect(pad.root).to_have_attribute("data-state", "stale")
    pad.click("predict")
    pad.expect_answer("🐶")


def test_the_page_speaks_the_browsers_language(opened: Open) -> None:
    """Unless another was set."""
    pad = opened(DigitWidget().to_html(), locale="hi-IN")
    assert pad.page.locator("html").get_attribute("lang") == "hi"
    expect(pad.page.get_by_role("heading")).to_have_text("एक अंक बनाएँ")


def test_a_page_of_other_labels_asks_for_no_digit(opened: Open) -> None:
    """Its heading is what its blank pad says."""
    pad = opened(DigitWidget(labels="abcdefghij").to_html())
    expect(pad.page.get_by_role("heading")).to_have_text("Draw here, or drop a picture")


def test_a_photo_is_dropped(opened: Open, photo: Path, tmp_path: Path) -> None:
    """It is evened out, goes under the pad, is answered, and can be undone."""
    pad = opened(DigitWidget().to_html())
    pad.draw_digit(1)
    pad.expect_digit(1)
    pad.drop(photo)
    pad.expect_digit(5)
    assert 0.02 < pad.ink() < 0.3
    pad.click("undo")
    pad.expect_digit(1)
    (tmp_path / "notes.txt").write_text("no picture")
    pad.drop(tmp_path / "notes.txt")
    expect(pad.part("message")).to_have_text("That file is not a picture.")


def test_a_page_that_calculates_otherwise_says_so(opened: Open) -> None:
    """One weight of each thousand is another: no drawing is answered."""
    html = DigitWidget().to_html()
    begin = html.index('data-part="weights">') + 300_000
    pad = opened(html[:begin] + "A" * 400 + html[begin + 400 :])
    pad.draw_digit(7)
    expect(pad.part("message")).to_have_text(OTHERWISE)
    expect(pad.part("result")).to_have_text("⚠️")


def networks() -> dict[str, Callable[[], DigitWidget]]:
    """Return what makes pads with other networks, of random weights."""
    import torch
    from torchvision.models import VisionTransformer, mobilenet_v2, resnet18

    def made(make: Callable[..., torch.nn.Module], *sizes: int, side: int) -> DigitWidget:
        torch.manual_seed(14)
        network = make(*sizes, num_classes=10)
        for parameter in network.parameters():  # a head of zeros, as transformers begin with, says nothing
            parameter.data += 0.02 * torch.randn_like(parameter)
        return DigitWidget(network, input_size=side)

    return {
        "onnx": lambda: DigitWidget(bundled().with_suffix(".onnx")),
        "resnet18": lambda: made(resnet18, side=64),
        "mobilenet_v2": lambda: made(mobilenet_v2, side=64),
        "vit": lambda: made(VisionTransformer, 28, 7, 2, 4, 64, 128, side=28),
    }


@pytest.mark.filterwarnings("ignore::digit_widget.ModelWarning")
@pytest.mark.parametrize("name", ["onnx", "resnet18", "mobilenet_v2", "vit"])
def test_any_network_answers_by_onnxruntime(opened: Open, name: str) -> None:
    """What it says of two drawings is the same as in Python within 1e-3, or the page would not answer."""
    made = networks()[name]()
    html = made.to_html()
    weight = len(made._desk.ready().packed().parts["model"])
    assert len(html) - 4 * weight / 3 <= 7_000_000
    pad = opened(html)
    pad.draw_digit(3)
    expect(pad.root).to_have_attribute("data-state", "current")
    expect(pad.root).to_have_attribute("data-failed", "false")
    if name == "onnx":
        pad.expect_digit(3)
    else:
        expect(pad.part("share").first).to_have_text(re.compile(r"\d+%"))
    pad.click("why")
    expect(pad.part("legend")).to_contain_text(pad.part("result").inner_text())
    pad.click("clear")
    pad.expect_answer(NOTHING)


def test_the_page_of_the_docs_answers(opened: Open) -> None:
    """The one that README links."""
    pad = opened((DOCS / "digits.html").read_text(encoding="utf-8"))
    pad.draw_digit(7)
    pad.expect_digit(7)


def test_labels_and_prompts_are_text(opened: Open) -> None:
    """Nothing in them runs."""
    evil = "</script><img src=x onerror=alert(1)>"
    pad = opened(DigitWidget(labels=[evil, *"123456789"], prompt=evil).to_html(title=evil))
    expect(pad.page.get_by_role("heading")).to_have_text(evil)
    pad.draw_digit(0)
    pad.expect_answer(evil)
    assert keycap(0) not in pad.root.inner_text()
