"""The gradient microscope in headless Chromium: what it shows and says is what was recorded."""

import itertools
import re
from statistics import median

import numpy as np
import pytest
from browser import Visit, assert_no_barrier

from rnnbook import drawings, results
from rnnbook.demos import Demo, gradient_microscope
from rnnbook.gradients import effective_memory

STEPS, SEEDS = 20, 5
WEIGHTS = {
    "rnn": ["default", "orthogonal", "radius 0.5", "radius 1.5"],
    "lstm": ["default", "radius 0.5"],
    "gru": ["default", "orthogonal"],
}
BIASES = {"rnn": [None], "lstm": [None, 0, 2], "gru": [None, 4]}


def recordings(seed):
    """Data as `make` gives them, of curves at random that fade and that grow."""
    rng = np.random.default_rng(seed)

    def setting(weights, bias):
        slopes = {"norms": rng.uniform(-1.2, 0.4), "inputs": rng.uniform(-1.2, 0.4)}
        curves = {key: rng.uniform(-1, 1) + slope * np.arange(STEPS) for key, slope in slopes.items()}
        memories = {
            key: np.clip(effective_memory(10 ** curves[of][::-1]) + rng.integers(-2, 3, SEEDS), 0, STEPS - 1).tolist()
            for key, of in (("memory", "inputs"), ("state_memory", "norms"))
        }
        curves = {key: np.round(curve, 2).tolist() for key, curve in curves.items()}
        return {"weights": weights, "bias": bias, **curves, **memories, "gradient": rng.normal(0, 2, SEEDS).tolist()}

    cells = {
        cell: {
            "title": title,
            "gate": gate,
            "settings": [setting(*each) for each in itertools.product(WEIGHTS[cell], BIASES[cell])],
        }
        for cell, (title, gate) in gradient_microscope.CELLS.items()
    }
    return {"steps": STEPS, "cells": cells}


DATA = recordings(1)
DEMO = Demo("gradient_microscope", DATA, drawings.load("unrolled"))
CHOICES = [
    {"cell": cell, "bias": bias, "of": of, "clipped": clipped, "weights": weights, "t": t}
    for cell in WEIGHTS
    for bias, of, clipped, weights, t in itertools.product(
        BIASES[cell], ("inputs", "norms"), (False, True), WEIGHTS[cell], (1, 7, STEPS)
    )
]


@pytest.fixture(scope="module")
def seen(browser, address):
    """What `window.rnnbook.microscope` makes of each of `CHOICES`."""
    visit = Visit(browser, address)
    yield visit.page.evaluate(
        "([data, choices]) => choices.map((choice) => window.rnnbook.microscope(data, choice))", [DATA, CHOICES]
    )
    visit.close()


def settings(choice):
    return [each for each in DATA["cells"][choice["cell"]]["settings"] if each["bias"] == choice["bias"]]


def chosen(choice):
    return next(each for each in settings(choice) if each["weights"] == choice["weights"])


def memories(setting, choice):
    return setting["memory" if choice["of"] == "inputs" else "state_memory"]


# What it makes of the data


def test_the_rows_are_the_recorded_curves_in_the_order_of_time(seen):
    for choice, found in zip(CHOICES, seen, strict=True):
        expected = settings(choice)
        assert [row["weights"] for row in found["rows"]] == [each["weights"] for each in expected]
        assert found["rows"][found["chosen"]]["weights"] == choice["weights"]
        for row, each in zip(found["rows"], expected, strict=True):
            factor = -max(0, median(each["gradient"])) if choice["clipped"] else 0
            np.testing.assert_allclose(row["values"], np.array(each[choice["of"]])[::-1] + factor, atol=1e-12)
            reach = memories(each, choice)
            assert row["memory"] == {
                "median": median(reach), "lowest": min(reach), "highest": max(reach), "seeds": SEEDS
            }  # fmt: skip


def test_clipping_changes_no_row_that_is_within_the_norm_and_no_ratio_in_any(seen):
    by_choice = {tuple(choice.values()): found["rows"] for choice, found in zip(CHOICES, seen, strict=True)}
    changed = 0
    for choice in CHOICES:
        if not choice["clipped"]:
            plain, clipped = (by_choice[tuple({**choice, "clipped": value}.values())] for value in (False, True))
            for before, after, each in zip(plain, clipped, settings(choice), strict=True):
                np.testing.assert_allclose(np.diff(after["values"]), np.diff(before["values"]), atol=1e-12)
                assert (after == before) == (median(each["gradient"]) <= 0)
                assert after["memory"] == before["memory"]
                changed += after != before
    assert changed > 0


def number(text):
    """What a number says that is set as 0.35, 42 or 3.2·10⁻⁸."""
    mantissa, _, exponent = text.partition("·10")
    return float(mantissa) * 10 ** int(exponent.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)


NUMBER = r"([\d.]+(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)"


def test_the_memory_in_words(seen):
    kinds = set()
    for choice, found in zip(CHOICES, seen, strict=True):
        said = found["sentences"]["memory"].replace("\u00a0", " ")
        setting = chosen(choice)
        what = "an input" if choice["of"] == "inputs" else "a hidden state"
        reach, curve = memories(setting, choice), setting[choice["of"]]
        middle, lowest, highest = median(reach), min(reach), max(reach)
        if middle < STEPS - 1:
            spread = lowest if lowest == highest else f"{lowest} to {highest}"
            assert said == (
                f"A small change of {what} more than {middle} steps before the last changes the loss by less than 1 % "
                f"of what it does at the last step ({spread} over {SEEDS} seeds)."
            )
            kinds.add("fades")
            continue
        start = f"A small change of {what} at the first step, {STEPS - 1} before the last, still changes the loss "
        assert said.startswith(start)
        if curve[-1] < curve[0]:
            assert said.removeprefix(start) == "by more than 1 % of what it does at the last step."
            kinds.add("lasts")
        else:
            (ratio,) = re.fullmatch(rf"{NUMBER} times as much as at the last step\.", said.removeprefix(start)).groups()
            assert number(ratio) == pytest.approx(10 ** (curve[-1] - curve[0]), rel=0.06)
            kinds.add("grows")
    assert kinds == {"fades", "lasts", "grows"}


def test_a_memory_that_is_alike_for_all_seeds_has_no_spread(visit):
    data = {"steps": 9, "cells": {"rnn": {"title": "RNN", "gate": None, "settings": [
        {"weights": "default", "bias": None, "inputs": [0] * 9, "memory": [3, 3], "gradient": [0]}]}}}  # fmt: skip
    choice = {"cell": "rnn", "bias": None, "of": "inputs", "clipped": False, "weights": "none of these", "t": 9}
    found = visit().evaluate("(given) => window.rnnbook.microscope(...given)", [data, choice])
    assert found["chosen"] == 0, "a row that is not there gives way to the first"
    assert found["sentences"]["memory"].endswith("(3 over 2 seeds).")


def test_clipping_in_words(seen):
    for choice, found in zip(CHOICES, seen, strict=True):
        said = found["sentences"]["clipping"]
        if not choice["clipped"]:
            assert said == ""
            continue
        norm = median(chosen(choice)["gradient"])
        start = f"The gradient of all weights together has the norm {NUMBER}"
        if norm > 0:
            pattern = rf"{start}\. Clipped to 1, it is multiplied by {NUMBER}, and so is the row: no step gains .*"
            found_norm, factor = re.fullmatch(pattern, said).groups()
            assert number(factor) == pytest.approx(10**-norm, rel=0.06)
        else:
            pattern = rf"{start}\. That is not above 1: clipping changes nothing, .*"
            (found_norm,) = re.fullmatch(pattern, said).groups()
        assert number(found_norm) == pytest.approx(10**norm, rel=0.06)


def test_a_step_in_words(seen):
    for choice, found in zip(CHOICES, seen, strict=True):
        said, t = found["sentences"]["step"], choice["t"]
        values = found["rows"][found["chosen"]]["values"]
        where = "the last" if t == STEPS else f"{STEPS - t} before the last"
        start = f"Step {t}, {where}: the norm of {'dL/dx' if choice['of'] == 'inputs' else 'dL/dh'} is {NUMBER}"
        if t == STEPS:
            (norm,) = re.fullmatch(rf"{start}\.", said).groups()
        else:
            norm, ratio = re.fullmatch(rf"{start}, {NUMBER} times the last step’s\.", said).groups()
            assert number(ratio) == pytest.approx(10 ** (values[t - 1] - values[-1]), rel=0.06)
        assert number(norm) == pytest.approx(10 ** values[t - 1], rel=0.06)


def test_what_the_hidden_states_of_an_lstm_do_not_tell(seen):
    for choice, found in zip(CHOICES, seen, strict=True):
        said = found["sentences"]["note"]
        assert ("cell states" in said) == (choice["cell"] == "lstm" and choice["of"] == "norms")


def test_numbers_of_every_size_are_set_rightly(visit):
    exponents = [-33.3, -8, -2.51, -2.5, -2.0001, -1, -0.3, 0, 1.2, 2.9999, 3, 5.9999, 12.34]
    curves = [{"weights": str(e), "bias": None, "inputs": [e], "memory": [0], "gradient": [0]} for e in exponents]
    data = {"steps": 1, "cells": {"rnn": {"settings": curves}}}
    page = visit()
    for exponent in exponents:
        choice = {"cell": "rnn", "bias": None, "of": "inputs", "clipped": False, "weights": str(exponent), "t": 1}
        said = page.evaluate("(given) => window.rnnbook.microscope(...given).sentences.step", [data, choice])
        (norm,) = re.search(rf" is {NUMBER}\.$", said).groups()
        assert number(norm) == pytest.approx(10**exponent, rel=0.06), norm
        assert 1 <= float(norm.partition("·")[0]) < 10 or "·" not in norm, norm
        assert len(norm) <= 9, norm


# The page


def choose(page, **choice):
    """Make a choice with the page's controls."""
    card = page.locator(".gradient-microscope")
    for name in ("cell", "bias", "of"):
        if name in choice:
            value = "" if choice[name] is None else str(choice[name])
            card.locator(f"[name={name}]").select_option(value)
    if "clipped" in choice:
        card.locator("[name=clipped]").set_checked(choice["clipped"])
    if "weights" in choice:
        card.locator(f'[name=weights][value="{choice["weights"]}"]').check()
    if "t" in choice:
        card.locator("[name=t]").fill(str(choice["t"]))


def shown(page):
    """What the page says: the memory, the step, the clipping and the note, where there are such."""
    said = page.locator(".gradient-microscope > output, .gradient-microscope > p").all_inner_texts()
    return [" ".join(text.split()) for text in said]


def pixels(page):
    """Red, green, blue and alpha of every step in every row."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".microscope-strip canvas")].map((canvas) =>
          [...canvas.getContext("2d").getImageData(0, 0, canvas.width, 1).data])"""
    )


def test_it_starts_with_torchs_own_rnn(visit, seen):
    page = visit()
    start = {"cell": "rnn", "bias": None, "of": "inputs", "clipped": False, "weights": "default", "t": 1}
    said = seen[CHOICES.index(start)]["sentences"]
    assert shown(page)[0] == said["memory"].replace("\u00a0", " ")
    assert shown(page)[1].startswith(f"Step {STEPS // 2}, {STEPS // 2} before the last: the norm of dL/dx is ")
    assert page.locator("[name=t]").input_value() == str(STEPS // 2)
    assert page.locator("[name=weights]:checked").get_attribute("value") == "default"


def test_it_shows_what_the_controls_say(visit, seen):
    page = visit()
    for choice, found in list(zip(CHOICES, seen, strict=True))[::7]:
        choose(page, **{key: value for key, value in choice.items() if key != "bias" or choice["cell"] != "rnn"})
        said = found["sentences"]
        expected = [" ".join(said[key].split()) for key in ("memory", "step", "clipping", "note")]
        assert shown(page) == expected
        assert page.locator("[name=t]").get_attribute("aria-valuetext") == said["step"]
        rows = page.locator(".microscope-rows label")
        assert rows.all_inner_texts() == [row["weights"] for row in found["rows"]]
        edges = [
            edge and float(edge) for edge in page.evaluate(
                """() => [...document.querySelectorAll(".microscope-strip")].map((strip) =>
                  strip.querySelector(".microscope-edge")?.style.getPropertyValue("--at"))"""
            )
        ]  # fmt: skip
        # The line stands between the last step that counts, memory steps before the last, and the one before it.
        expected = [
            None if row["memory"]["median"] == STEPS - 1 else 1 - (row["memory"]["median"] + 1) / STEPS
            for row in found["rows"]
        ]
        assert edges == pytest.approx(expected)


def test_the_colours_fade_with_the_norm(visit, seen):
    page = visit()
    checked = 0
    for choice, found in list(zip(CHOICES, seen, strict=True))[::11]:
        choose(page, **{key: value for key, value in choice.items() if key != "bias" or choice["cell"] != "rnn"})
        for row, colours in zip(found["rows"], np.array(pixels(page)).reshape(-1, STEPS, 4), strict=True):
            values = np.array(row["values"])
            np.testing.assert_allclose(colours[:, 3], 255 * (1 + values / 8).clip(0, 1), atol=1)
            grown = (values / 4).clip(0, 1)[:, None]
            expected = (1 - grown) * [0x25, 0x63, 0xF5] + grown * [0xE8, 0x6C, 0x00]
            visible = colours[:, 3] == 255  # a canvas keeps other colours less exactly
            np.testing.assert_allclose(colours[visible, :3], expected[visible], atol=1)
            checked += visible.sum()
    assert checked > 50


def test_the_cells_have_their_own_gates_and_rows(visit):
    page = visit()
    bias = page.locator("[name=bias]")
    assert not bias.is_visible()
    choose(page, cell="lstm")
    assert bias.is_visible()
    assert bias.locator("xpath=..").inner_text().startswith("Bias of the forget gate")
    assert bias.locator("option").all_inner_texts() == ["default", "0", "2"]
    choose(page, weights="radius 0.5", bias=2)
    choose(page, cell="gru")
    assert bias.locator("xpath=..").inner_text().startswith("Bias of the update gate")
    assert bias.input_value() == "", "a GRU with a bias of 2 was not recorded"
    assert page.locator("[name=weights]:checked").get_attribute("value") == "default", "nor one of this radius"
    choose(page, weights="orthogonal")
    choose(page, cell="rnn")
    assert page.locator("[name=weights]:checked").get_attribute("value") == "orthogonal", "what fits is kept"
    assert not bias.is_visible()


def test_by_keyboard(visit):
    page = visit()
    page.locator("[name=cell]").focus()
    page.keyboard.press("ArrowDown")
    visited = []
    for _ in range(5):
        page.keyboard.press("Tab")
        visited.append(page.evaluate("document.activeElement.name"))
    assert visited == ["bias", "of", "clipped", "weights", "t"]
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert shown(page)[1].startswith("Step 2, 18 before the last: the norm of dL/dx")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    assert page.locator("[name=weights]:checked").get_attribute("value") == "radius 0.5"
    ring = page.locator("label:has(:focus-visible)").evaluate("label => getComputedStyle(label).outlineStyle")
    assert ring == "solid", "what has the focus is to be seen"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert shown(page)[2].startswith("The gradient of all weights together has the norm")


def test_a_press_chooses_the_row_and_the_step(visit):
    page = visit()
    box = page.locator(".microscope-strip").nth(2).bounding_box()
    middle = box["y"] + box["height"] / 2
    for t in (1, 8, STEPS):
        page.mouse.click(box["x"] + (t - 0.5) / STEPS * box["width"], middle)
        assert page.locator("[name=t]").input_value() == str(t)
        assert page.locator("[name=weights]:checked").get_attribute("value") == "radius 0.5"
        assert shown(page)[1].startswith(f"Step {t}, ")
    page.mouse.move(box["x"] + 0.5 / STEPS * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 5.5 / STEPS * box["width"], middle, steps=3)
    assert page.locator("[name=t]").input_value() == "6", "dragging goes along"
    page.mouse.up()
    page.mouse.move(box["x"] + 9.5 / STEPS * box["width"], middle)
    assert page.locator("[name=t]").input_value() == "6", "without a press nothing happens"


def test_listeners_are_told_the_memory_and_the_picture_is_not_in_their_way(visit):
    page = visit()
    tree = page.locator(".gradient-microscope").aria_snapshot()
    assert 'region "Gradient microscope"' in tree
    assert 'radiogroup "Recurrent weights"' in tree
    assert "status: A small change of an input" in tree
    assert 'slider "Step"' in tree
    assert 'img "Norms from' in tree
    assert tree.count("img") == 1


@pytest.mark.parametrize(
    ("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("phone", "dark"), ("phone", "light")]
)
def test_no_barrier_and_no_overflow(visit, size, scheme):
    page = visit(size=size, scheme=scheme)
    choose(page, cell="lstm", clipped=True, bias=2)
    assert_no_barrier(page)
    overflow = page.evaluate(
        """() => {
          const card = document.querySelector(".gradient-microscope").getBoundingClientRect();
          return [...document.querySelectorAll(".gradient-microscope *")].filter((each) => {
            const { left, right, width } = each.getBoundingClientRect();
            return width && (left < card.left || right > card.right);
          }).map((each) => each.outerHTML);
        }"""
    )
    assert overflow == []
    strip = page.locator(".microscope-strip").first.bounding_box()
    assert strip["width"] > 200
    assert strip["height"] >= 24, "large enough for a finger"


# The recorded runs


@pytest.fixture(scope="module")
def demo():
    return gradient_microscope.make()


def test_the_page_gets_what_was_recorded(demo):
    for cell, (title, gate) in gradient_microscope.CELLS.items():
        more = results.load(f"flow-{cell}").more
        made = demo.data["cells"][cell]
        assert (made["title"], made["gate"]) == (title, gate)
        assert demo.data["steps"] == more["steps"]
        assert len(made["settings"]) == len(more["settings"])
        for entry, setting in zip(made["settings"], more["settings"], strict=True):
            label = setting["label"]
            assert label == entry["weights"] + ("" if entry["bias"] is None else f", bias {entry['bias']}")
            for key in ("norms", "inputs"):
                assert len(entry[key]) == more["steps"]
                np.testing.assert_allclose(entry[key], more[key][label], atol=0.0051)
            for key in ("memory", "state_memory"):
                assert entry[key] == more[key][label]
            np.testing.assert_allclose(entry["gradient"], more["gradient"][label], atol=0.0051)


def test_the_memory_that_is_said_fits_the_curve_that_is_shown(demo):
    """Of medians over seeds, so it may be a step beside the range of single seeds."""
    for cell in demo.data["cells"].values():
        for setting in cell["settings"]:
            for curve, memory in (("inputs", "memory"), ("norms", "state_memory")):
                reach = effective_memory(10 ** np.array(setting[curve][::-1]))
                assert min(setting[memory]) - 1 <= reach <= max(setting[memory]) + 1


def test_the_static_figure_says_how_far_each_reaches(demo):
    alt = repr(demo)
    rows = [
        "RNN, default",
        "RNN, orthogonal",
        "RNN, radius 2",
        "LSTM, default",
        "LSTM, forget bias 4",
        "GRU, update bias 2",
    ]
    for row in rows:
        assert re.search(rf"{row} \d+[;.]", alt), row
    default = demo.data["cells"]["lstm"]["settings"][0]
    assert f"LSTM, default {median(default['memory'])};" in alt
    assert 300 < len(alt) < 1000


def test_it_weighs_little(demo):
    assert len(demo._repr_html_()) < 160_000
