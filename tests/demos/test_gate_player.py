"""The gate player in headless Chromium: what it shows of a recording is what the cells' equations say."""

import re
from itertools import pairwise

import numpy as np
import pytest
from browser import Visit, assert_no_barrier, assert_nothing_sticks_out, contrast

from rnnbook import drawings, plot, results
from rnnbook.demos import Demo, gate_player

UNITS = 8
STATE = {"lstm": "ch", "gru": "h"}
GATES = {"lstm": "ifgo", "gru": "rzn"}
NAMES = {
    "i": "input gate", "f": "forget gate", "g": "candidate", "o": "output gate", "c": "cell state",
    "r": "reset gate", "z": "update gate", "n": "candidate", "h": "hidden state",
}  # fmt: skip


# --- the reference ---------------------------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def following(cell, before, gates):
    """The next state by the cell's equations, from the last state and the gates: a dictionary as `before`."""
    if cell == "lstm":
        c = gates["f"] * before["c"] + gates["i"] * gates["g"]
        return {"c": c, "h": gates["o"] * np.tanh(c)}
    return {"h": (1 - gates["z"]) * gates["n"] + gates["z"] * before["h"]}


def record(cell, length, rng):
    """A recording as `rnnbook train gates-*` writes it, of gates at random, with answers that are wrong at times."""
    state = {name: np.zeros(UNITS) for name in STATE[cell]}
    steps = []
    for _ in range(length):
        gates = {name: sigmoid(rng.normal(0, 4, UNITS)) for name in GATES[cell]}
        gates |= {name: np.tanh(rng.normal(0, 1, UNITS)) for name in "gn" if name in gates}
        state = following(cell, state, gates)
        steps.append(gates | state)
    return {
        "symbols": rng.choice(list("ABCxyz"), length).tolist(),
        "target": rng.choice(list("ABC"), length).tolist(),
        "prediction": rng.choice(list("ABC"), length).tolist(),
        "probability": rng.dirichlet(np.ones(3), length).tolist(),
        "gates": {name: [step[name].tolist() for step in steps] for name in steps[0]},
    }


def recordings(lengths, seed):
    rng = np.random.default_rng(seed)
    made = {cell: [record(cell, length, rng) for length in lengths] for cell in GATES}
    for lstm, gru in zip(*made.values(), strict=True):  # two cells read the same
        gru["symbols"], gru["target"] = lstm["symbols"], lstm["target"]
    return {cell: {"units": UNITS, "sequences": sequences} for cell, sequences in made.items()}


def number(value, digits=2):
    text = f"{abs(value):.{digits}f}"
    return f"−{text}" if value < 0 and float(text) else text


def degree(gate, open, between, shut):
    return (
        open if gate >= 0.9 else shut if gate <= 0.1 else between.format(p=round(100 * gate), q=100 - round(100 * gate))
    )


def sentences(cell, before, gates, after, k):
    at = {name: values[k] for name, values in gates.items()}
    said = {name: number(value) for name, value in at.items()}
    if cell == "lstm":
        old, new = number(before["c"][k]), number(after["c"][k])
        return [
            f"The forget gate of unit {k + 1} is {said['f']}: "
            f"it {degree(at['f'], 'keeps', 'keeps {p} % of', 'drops')} what it held ({old}).",
            f"Its input gate is {said['i']}: it takes in {degree(at['i'], 'nearly all', '{p} %', 'next to nothing')} "
            f"of the candidate ({said['g']}).",
            f"So its cell state goes from {old} to {new}.",
            f"Its output gate is {said['o']}: it {degree(at['o'], 'shows', 'shows {p} % of', 'hides')} "
            f"the tanh of that, and the hidden state is {number(after['h'][k])}.",
        ]
    old, new = number(before["h"][k]), number(after["h"][k])
    held, candidate = f"what it held ({old})", f"the candidate ({said['n']})"
    does = degree(
        at["z"],
        f"keeps {held}",
        f"keeps {{p}} % of {held} and takes in {{q}} % of {candidate}",
        f"drops {held} and takes in {candidate}",
    )
    return [
        f"The reset gate of unit {k + 1} is {said['r']}: "
        f"its candidate hears {degree(at['r'], 'nearly all', '{p} %', 'next to nothing')} of the last state.",
        f"Its update gate is {said['z']}: it {does}.",
        f"So its hidden state goes from {old} to {new}.",
    ]


def moments(data):
    """Every step of every recording: the cell, its index, t, and all units' values before, at the gates, and after."""
    for cell, recorded in data.items():
        for index, sequence in enumerate(recorded["sequences"]):
            held = {name: np.zeros(recorded["units"]) for name in STATE[cell]}
            for t in range(len(sequence["symbols"])):
                values = {name: np.array(rows[t]) for name, rows in sequence["gates"].items()}
                after = {name: values[name] for name in STATE[cell]}
                yield cell, index, t, held, {name: values[name] for name in GATES[cell]}, after
                held = after


# --- a page with the player, as the site has it ----------------------------------------------------------------------

DATA = recordings((5, 12, 26), seed=0)
DEMO = Demo("gate_player", DATA, drawings.load("lstm_cell"))


FULLEST = int(np.abs(DATA["lstm"]["sequences"][0]["gates"]["c"]).max(axis=0).argmax())


@pytest.fixture(scope="module")
def logic(browser, address):
    """Calls a function of window.rnnbook.gates for each of a list of arguments."""
    visit = Visit(browser, address)
    yield lambda name, calls: visit.page.evaluate(
        "([name, calls]) => calls.map((call) => window.rnnbook.gates[name](...call))", [name, calls]
    )
    visit.close()


def choose(page, **settings):
    for name, value in settings.items():
        index = list(GATES).index(value) if name == "cell" else value
        page.locator(f".gate-player [name={name}]").select_option(index=index)


def press(page, name):
    page.locator(f".gate-player button[name={name}]").click(force=True)  # at an end too, where it does nothing


def shown(page):
    """What the grid shows: the name of each row -> for each unit its place, its number, twice, and its bar's height."""
    rows = page.evaluate(
        """() => [...document.querySelectorAll(".player-grid td")].map((td) => [
          td.getAttribute("aria-label"), td.lastChild.textContent, td.firstChild.style.getPropertyValue("--value")])"""
    )
    grid = {}
    for label, text, height in rows:
        name, k, before, said = re.fullmatch(r"(.+) of unit (\d+)( before)?: (.+)", label).groups()
        grid.setdefault(name + (before or ""), []).append((int(k), said, text, float(height)))
    return grid


# --- the recordings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", GATES)
def test_the_recorded_states_follow_from_the_recorded_gates(cell):
    recorded = results.load(f"gates-{cell}").more
    for _, index, t, before, gates, after in moments({cell: recorded}):
        # Each number was rounded to three decimals: half a thousandth in each factor and in the outcome.
        slack = 0.0005 * (3 + sum(abs(values).max() for values in before.values()))
        for name, values in following(cell, before, gates).items():
            np.testing.assert_allclose(after[name], values, atol=slack, err_msg=f"{name}, sequence {index}, step {t}")


@pytest.mark.parametrize(("cell", "kept", "held"), [("lstm", "f", "c"), ("gru", "z", "h")])
def test_the_figure_shows_what_its_alt_text_says(cell, kept, held):
    sequence = results.load(f"gates-{cell}").more["sequences"][0]
    marks = np.char.isupper(sequence["symbols"])[1:]
    share, state = np.array(sequence["gates"][kept])[1:], np.sign(sequence["gates"][held])
    turned = state[1:] != state[:-1]
    assert share[marks].mean() < share[~marks].mean() - 0.1, "less is kept at a mark"
    assert turned[marks].mean() > 0.3, "many states change their sign there"
    assert turned[~marks].mean() < 0.1, "hardly any does elsewhere"


def test_the_demo_holds_the_recordings_and_a_figure_of_them(monkeypatch):
    asked, drawn = [], []
    heatmap = plot.heatmap

    def draw(ax, array, *args, **options):
        drawn.append((ax, array))
        return heatmap(ax, array, *args, **options)

    def load(name):
        asked.append(name)
        return type("Result", (), {"more": DATA[name.removeprefix("gates-")]})

    monkeypatch.setattr(results, "load", load)
    monkeypatch.setattr(plot, "heatmap", draw)
    made = gate_player.make()
    assert asked == ["gates-lstm", "gates-gru"]
    assert (made.name, made.data) == ("gate_player", DATA)
    assert "".join(DATA["gru"]["sequences"][0]["symbols"]) in made.figure.alt
    panels = [("lstm", "f"), ("gru", "z"), ("lstm", "c"), ("gru", "h")]
    for (ax, array), (cell, name) in zip(drawn, panels, strict=True):
        np.testing.assert_array_equal(array, np.transpose(DATA[cell]["sequences"][0]["gates"][name]))
        assert ax.get_title() == f"{cell.upper()}, {NAMES[name]} ${name}$"


# --- the logic -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def steps(logic):
    """Each moment by the reference, and the step that the player makes of it."""
    all_moments = list(moments(DATA))
    calls = [[cell, DATA[cell]["sequences"][index], t] for cell, index, t, *_ in all_moments]
    return list(zip(all_moments, logic("step", calls), strict=True))


def test_the_next_state_recomputed_from_the_shown_gates_is_the_shown_next_state(steps):
    for (cell, *_), step in steps:
        before, gates, after = (
            {name: np.array(values) for name, values in step[group].items()} for group in ("before", "gates", "after")
        )
        assert set(after) == set(before) == set(STATE[cell])
        assert list(step["gates"]) == list(GATES[cell]), "in torch's order"
        for name, values in following(cell, before, gates).items():
            np.testing.assert_allclose(after[name], values, rtol=0, atol=1e-12)


def test_a_step_starts_where_the_last_one_ended_and_the_first_one_from_zeros(steps):
    for (cell, index, t, before, _, after), step in steps:
        for group, expected in (("before", before), ("after", after)):
            for name, values in expected.items():
                np.testing.assert_array_equal(step[group][name], values)
        sequence = DATA[cell]["sequences"][index]
        for name in ("symbol", "target", "prediction"):
            assert step[name] == sequence["symbols" if name == "symbol" else name][t]
        assert step["probability"] == max(sequence["probability"][t])


def test_sentences_say_what_the_reference_says(steps, logic):
    calls = [[cell, step, k] for (cell, *_), step in steps for k in range(UNITS)]
    expected = [
        sentences(cell, before, gates, after, k)
        for (cell, _, _, before, gates, after), _ in steps
        for k in range(UNITS)
    ]
    assert logic("sentences", calls) == expected
    assert {"keeps what", "drops what", "next to", "nearly all", "hides the", "shows the"} <= set(
        re.findall(r"keeps what|drops what|next to|nearly all|hides the|shows the", str(expected))
    ), "the recordings have all kinds"


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (0.98, "it keeps what it held (1.42)"),
        (0.9, "it keeps what it held (1.42)"),
        (0.89, "it keeps 89 % of what it held"),
        (0.11, "it keeps 11 % of what it held"),
        (0.1, "it drops what it held (1.42)"),
        (0, "it drops what it held (1.42)"),
    ],
)
def test_where_a_gate_counts_as_open_or_shut(logic, gate, words):
    step = {
        "before": {"c": [0, 0, 1.42], "h": [0, 0, 0]},
        "gates": {name: [0, 0, 0.5] for name in "igo"} | {"f": [0, 0, gate]},
        "after": {"c": [0, 0, 1], "h": [0, 0, 0]},
    }
    (said,) = logic("sentences", [["lstm", step, 2]])
    assert said[0].startswith(f"The forget gate of unit 3 is {number(gate)}: {words}")


def test_the_arithmetic_adds_up(steps, logic):
    calls = [[cell, step, k] for (cell, *_), step in steps for k in range(UNITS)]
    for (cell, step, k), lines in zip(calls, logic("arithmetic", calls), strict=True):
        for name, (equation, numbers) in zip(STATE[cell], lines, strict=True):
            assert equation.startswith(f"{name}_t = ")
            assert not re.search(r"(^|[·+h] )−", numbers), "a negative factor stands in brackets"
            left, right = numbers.replace("−", "-").replace("·", "*").split(" ≈ ")
            left = re.sub(r"tanh (\S+)", r"np.tanh(\1)", left)
            largest = max(1, abs(step["before"][name][k]))
            assert eval(left, {"np": np}) == pytest.approx(float(right), abs=0.002 * largest + 0.001)
            assert float(right) == pytest.approx(step["after"][name][k], abs=0.0005 + 1e-12)
            letters = {"c": "fcig", "h": "o" if cell == "lstm" else "znzh"}[name]
            inputs = {**{n: v[k] for n, v in step["before"].items()}, **{n: v[k] for n, v in step["gates"].items()}}
            given = [float(each) for each in re.findall(r"-?\d+\.\d+", left)]
            assert given[: len(letters)] == pytest.approx([inputs[letter] for letter in letters], abs=0.0005 + 1e-12)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.00"),
        (-0.004, "0.00"),
        (-0.006, "−0.01"),
        (1.234, "1.23"),
        (-12.5, "−12.50"),
        (0.999, "1.00"),
        (-10, "−10.00"),
    ],
)
def test_numbers_have_two_decimals_and_a_proper_minus(logic, value, text):
    assert logic("format", [[value]]) == [text] == [number(value)]


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", GATES)
def test_stepping_forwards_and_backwards_shows_every_step(visit, cell):
    page = visit()
    choose(page, cell=cell, sequence=1, unit=2)
    expected = [moment for moment in moments(DATA) if moment[:2] == (cell, 1)]
    largest = max(1, np.abs(DATA[cell]["sequences"][1]["gates"].get("c", 0)).max())
    there_and_back = [*expected, *expected[-2::-1]]
    for (_, _, t, before, gates, after), follower in pairwise([*there_and_back, None]):
        grid = shown(page)
        rows = {f"{NAMES[name]} before": (name, values) for name, values in before.items()}
        rows |= {NAMES[name]: (name, values) for name, values in (gates | after).items()}
        assert list(grid) == list(rows), "state before, gates in torch's order, state after"
        for title, (name, values) in rows.items():
            assert [(k, said) for k, said, _, _ in grid[title]] == [(k + 1, number(v)) for k, v in enumerate(values)]
            assert [text for _, _, text, _ in grid[title]] == [number(value) for value in values]
            heights = [height for *_, height in grid[title]]
            np.testing.assert_allclose(heights, values / (largest if name == "c" else 1), atol=1e-6)
        told = page.locator(".player-said li").all_inner_texts()
        assert told == sentences(cell, before, gates, after, 2)
        sequence = DATA[cell]["sequences"][1]
        answer = page.locator(".player-said p").inner_text()
        assert answer.startswith(f"Step {t + 1} of 12 reads {sequence['symbols'][t]}. ")
        assert (", rightly, " in answer) == (sequence["prediction"][t] == sequence["target"][t])
        assert (
            page.locator(".player-strip [aria-current=step]").get_attribute("aria-label").startswith(f"Step {t + 1}:")
        )
        ends = {"back": t == 0, "first": t == 0, "next": t == 11}
        for name, is_end in ends.items():
            assert page.locator(f"[name={name}]").get_attribute("aria-disabled") == str(is_end).lower()
        if follower:
            press(page, "next" if follower[2] > t else "back")
    press(page, "back")
    assert "Step 1 of 12" in page.locator(".player-said").inner_text(), "before the first step there is none"


def test_the_strip_shows_the_state_of_the_unit_and_the_answers(visit):
    page = visit()
    for cell, kept in (("lstm", "c"), ("gru", "h")):
        choose(page, cell=cell, unit=5)
        sequence = DATA[cell]["sequences"][0]
        held = page.locator(".player-strip [data-kept] .player-number").all_text_contents()
        assert held == [number(row[5]) for row in sequence["gates"][kept]]
        answers = page.locator(".player-strip tr").nth(2).locator("td")
        assert answers.all_inner_texts() == sequence["prediction"]
        struck = [answer.locator("s").count() for answer in answers.all()]
        assert struck == [p != t for p, t in zip(sequence["prediction"], sequence["target"], strict=True)]


def test_a_change_of_sequence_keeps_the_step_where_it_can(visit):
    page = visit()
    choose(page, sequence=2)
    page.locator(".player-strip button").nth(8).click()
    choose(page, cell="gru")
    assert page.locator(".player-said p").inner_text().startswith("Step 9 of 26")
    choose(page, sequence=0)
    assert page.locator(".player-said p").inner_text().startswith("Step 5 of 5")


def test_it_plays_to_the_end_pauses_and_starts_again(browser, address):
    seen = Visit(browser, "about:blank")
    page = seen.page
    page.clock.install()
    page.goto(address)
    play, said = page.locator("[name=play]"), page.locator(".player-said")
    at = lambda: int(re.match(r"Step (\d+)", said.inner_text())[1])  # noqa: E731
    play.click()
    assert (at(), play.inner_text(), said.get_attribute("aria-live")) == (1 + 1, "Pause", "off")
    page.clock.run_for(1200)
    assert at() == 3
    page.evaluate(
        """() => {
          const [said] = document.getElementsByClassName("player-said");
          window.heard = [];
          const hear = () => window.heard.push(said.ariaLive);
          new MutationObserver(hear).observe(said, { childList: true, subtree: true });
        }"""
    )
    play.click()
    assert (play.inner_text(), said.get_attribute("aria-live")) == ("Play", None)
    assert page.evaluate("window.heard") == [None], "a listener is told where it stops"
    page.clock.run_for(10_000)
    assert at() == 3, "paused"
    play.click()
    page.clock.run_for(60_000)
    assert (at(), play.inner_text(), said.get_attribute("aria-live")) == (5, "Play", None)
    play.click()
    assert (at(), play.inner_text()) == (1, "Pause"), "from the end it starts again"
    choose(page, unit=3)
    page.clock.run_for(1200)
    assert at() == 2, "a change of unit lets it play on"
    for stop in (lambda: press(page, "next"), lambda: choose(page, cell="gru"), lambda: choose(page, sequence=2)):
        press(page, "first")
        play.click()
        stop()
        before = at()
        page.clock.run_for(10_000)
        assert (at(), play.inner_text()) == (before, "Play")
    assert seen.errors == []
    seen.close()


def test_it_starts_with_the_unit_that_holds_most(visit):
    assert visit().locator(".gate-player [name=unit]").input_value() == str(FULLEST)


def test_the_player_by_keyboard(visit):
    page = visit()
    choose(page, unit=0)
    page.locator("[name=back]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # Next
    page.keyboard.press("Tab")
    focused = "document.activeElement.ariaLabel"
    symbols = DATA["lstm"]["sequences"][0]["symbols"]
    for key, step in (("ArrowRight", 3), ("ArrowLeft", 2), ("End", 5), ("ArrowRight", 5), ("Home", 1)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == f"Step {step}: {symbols[step - 1]}"
        assert f"Step {step} of 5" in page.locator(".player-said").inner_text()
    page.keyboard.press("Tab")
    gates = DATA["lstm"]["sequences"][0]["gates"]
    for key, label in (
        ("ArrowDown", "hidden state of unit 1 before: 0.00"),
        ("ArrowDown", f"input gate of unit 1: {number(gates['i'][0][0])}"),
        ("ArrowRight", f"input gate of unit 2: {number(gates['i'][0][1])}"),
        ("ArrowDown", f"forget gate of unit 2: {number(gates['f'][0][1])}"),
        ("ArrowLeft", f"forget gate of unit 1: {number(gates['f'][0][0])}"),
        ("ArrowLeft", f"forget gate of unit 1: {number(gates['f'][0][0])}"),
    ):
        page.keyboard.press(key)
        assert page.evaluate(focused) == label
    page.keyboard.press("ArrowRight")
    assert page.locator("[name=unit]").input_value() == "1"
    assert "of unit 2 is" in page.locator(".player-said").inner_text()
    for table in ("strip", "grid"):
        assert page.locator(f".player-{table} [tabindex='0']").count() == 1
    assert page.locator(".player-grid td.chosen").count() == 8, "a column of eight rows"
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    choose(page, cell="gru")  # which has fewer rows
    assert page.locator(".player-grid [tabindex='0']").count() == 1


def test_numbers_on_demand(visit):
    page = visit()
    a_number = page.locator(".player-grid .player-number").first
    assert a_number.evaluate("element => element.clientWidth") <= 1
    page.locator("[name=numbers]").check()
    assert a_number.evaluate("element => getComputedStyle(element).clipPath") == "none"
    assert a_number.bounding_box()["width"] > 15
    page.locator("[name=numbers]").uncheck()
    assert a_number.evaluate("element => element.clientWidth") <= 1


def test_bars_are_as_long_as_their_values(visit):
    page = visit()
    bars = page.evaluate(
        """() => [...document.querySelectorAll(".player-grid .player-gauge")].map((gauge) => {
          const [bar, box] = [getComputedStyle(gauge, "::before"), gauge.clientHeight];
          return [gauge.classList.contains("signed"), Number(gauge.style.getPropertyValue("--value")),
            parseFloat(bar.top) / box, parseFloat(bar.height) / box];
        })"""
    )
    assert len(bars) == 8 * UNITS
    for signed, value, top, height in bars:
        assert height == pytest.approx(abs(value) / (2 if signed else 1), abs=0.02)
        assert top == pytest.approx(0.5 - max(value, 0) / 2 if signed else 1 - value, abs=0.02)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_axe_finds_no_barrier_and_nothing_sticks_out(visit, size, scheme):
    page = visit(size=size, scheme=scheme)
    choose(page, sequence=2)
    page.locator(".player-strip button").last.click()
    for cell in GATES:
        choose(page, cell=cell)
        page.locator("[name=numbers]").set_checked(cell == "gru")
        assert_no_barrier(page)
        assert_nothing_sticks_out(page)
        strip, current = (
            page.locator(f".player-{name}").bounding_box() for name in ("scroll >> nth=0", "strip [aria-current]")
        )
        assert strip["x"] <= current["x"]
        assert current["x"] + current["width"] <= strip["x"] + strip["width"], "the current step is in sight"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bars_stand_out(visit, scheme):
    page = visit(scheme=scheme)
    ground, *bars = page.evaluate(
        """() => {
          const bars = [...document.querySelectorAll(".player-gauge")].map((bar) => getComputedStyle(bar, "::before"));
          return [getComputedStyle(document.body), ...bars].map((style) => style.backgroundColor);
        }"""
    )
    assert len(set(bars)) == 2, "computed, and state"
    ground, *bars = ([int(channel) for channel in re.findall(r"\d+", each)] for each in (ground, *set(bars)))
    assert all(contrast(bar, ground) >= 3 for bar in bars)
