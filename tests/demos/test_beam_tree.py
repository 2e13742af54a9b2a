"""The beam tree in headless Chromium: it searches as `rnnbook.decode.beam_search` does, and draws what it considers."""

import re
from dataclasses import asdict

import numpy as np
import pytest
import torch
from browser import Visit, assert_no_barrier, assert_nothing_sticks_out

from rnnbook.data import dates
from rnnbook.decode import length_penalty
from rnnbook.demos import beam_tree, date_converter, load
from rnnbook.demos.beam_tree import ALPHA, EXAMPLES, WIDTH
from rnnbook.demos.date_converter import LIMIT, export
from rnnbook.models import Seq2Seq, Translator
from rnnbook.text import Vocabulary, characters
from rnnbook.text.pairs import END, SPECIALS

DEMO = load("beam_tree")
READY = ".beam-tree [type=text]"
TRANSLATOR = date_converter.shipped()
EXACT = date_converter.shipped()
EXACT.model.double()  # as the page computes: in 32 bits, improbable candidates swap their ranks
DATES = dates.generate(80, seed=2).sources
STRANGE = [
    "", "x", "May", "11 di 1929", "26 de 2021", "July", "février", "novembre", "febrero", "mayo", "septiembre",
    "setembro", "mei 21", "Oktober 2050", "noviembre", "dezembro", "today", "A 12 1950", "New Year 2000", "Ж",
]  # fmt: skip
CALL = """([texts, other, options]) => {
  const model = window.rnnbook.translator.unpack(other ?? window.rnnbook.datesModel);
  const { search, sayStep, sayNode } = window.rnnbook.beam;
  return texts.map((text) => {
    const { steps, nodes, reason, result, greedy, known, ...found } = search(model, text, options);
    const outcome = { steps, nodes, reason, result, greedy, known, ...found };
    return {
      steps, nodes, reason, result, greedy, known,
      texts: nodes.map(({ number }) => found.text(number)),
      saySteps: [0, ...steps.keys()].map((_, shown) => sayStep(outcome, shown)),
      sayNodes: nodes.map(({ number }) => sayNode(outcome, number)),
    };
  });
}"""


@pytest.fixture(scope="module")
def logic(browser, address):
    """What window.rnnbook.beam makes of texts, with the page's own model or another: outcomes and sentences."""
    visit = Visit(browser, address)
    visit.page.wait_for_function("window.rnnbook.datesModel")

    def call(texts, beam=WIDTH, alpha=ALPHA, limit=LIMIT, model=None):
        return visit.page.evaluate(CALL, [texts, model, {"beam": beam, "alpha": alpha, "limit": limit}])

    yield call
    visit.close()


# --- what the page carries -------------------------------------------------------------------------------------------


def test_the_page_carries_the_examples_and_names_the_converters_model():
    named = [{"name": name, "text": text} for name, text in EXAMPLES.items()]
    assert DEMO.data == {**date_converter.make().data, "examples": named, "alpha": 0.6}
    assert len(DEMO._repr_html_().encode()) < 60_000


def test_the_search_of_the_figure_is_the_translators():
    for text in EXAMPLES.values():
        for beam, alpha in ((1, 0), (3, 0.6), (5, 0)):
            best, nodes = beam_tree.search(TRANSLATOR, text, beam, alpha)
            (found,) = TRANSLATOR.translate([text], beam=beam, alpha=alpha, max_length=LIMIT)
            assert TRANSLATOR.target_vocabulary.decode(best.tokens) == found.text
            assert (best.score, best.finished) == (pytest.approx(found.score, abs=1e-6), found.finished)
            assert [node.number for node in nodes] == list(range(len(nodes)))


def test_the_figure_says_what_the_search_says():
    alt = DEMO.figure.alt
    best, nodes = beam_tree.search(TRANSLATOR, EXAMPLES["No year"], WIDTH, ALPHA)
    fates = [node.fate for node in nodes]
    assert f"join {fates.count('kept')} candidates that were kept" in alt
    assert f"lead to {fates.count('dropped')} that were dropped" in alt
    assert len(re.search(r"Ended: (.*)\. The best", alt)[1].split(", ")) == fates.count("ended")
    assert f"The best is {TRANSLATOR.target_vocabulary.decode(best.tokens)}, " in alt
    assert alt.endswith(f"log probability {best.log_probability:.2f}.")


# --- the search ------------------------------------------------------------------------------------------------------


def check(translator, texts, outcomes, beam, alpha, limit=LIMIT):
    """Every candidate, its numbers and its fate, the result, the bound and the reason are those of the package."""
    for text, outcome, greedy in zip(texts, outcomes, translator.translate(texts, max_length=limit), strict=True):
        best, nodes = beam_tree.search(translator, text, beam, alpha, limit)
        expected = [asdict(node) for node in nodes]
        for node in expected:
            node["logP"] = node.pop("log_probability")
            del node["source"]
        assert outcome["nodes"] == [pytest.approx(node, abs=1e-8) for node in expected], (text, beam, alpha)
        assert [node for step in outcome["steps"] for node in step["candidates"]] == outcome["nodes"]

        ways = [way(outcome["nodes"], node) for node in outcome["nodes"]]
        found = ways[outcome["result"]]
        assert [node["token"] for node in found if node["token"] != END] == list(best.tokens)
        assert found[-1]["score"] == pytest.approx(best.score, abs=1e-8)
        assert (found[-1]["fate"] == "ended") == best.finished
        for path, node in zip(ways, outcome["nodes"], strict=True):
            assert sum(each["logP"] for each in path) == pytest.approx(node["total"], abs=1e-9), "a branch adds up"
            assert node["score"] == pytest.approx(node["total"] / length_penalty(node["length"], alpha), abs=1e-9)

        ended = []
        for step in outcome["steps"]:
            ended += [node for node in step["candidates"] if node["fate"] == "ended"]
            assert step["best"] == (max(ended, key=lambda node: node["score"]) if ended else None)
            live = [node["total"] for node in step["candidates"] if node["fate"] == "kept"]
            assert step["bound"] == (pytest.approx(max(live) / length_penalty(limit, alpha)) if live else None)
        *before, last = outcome["steps"]
        settled = [bool(s["best"] and s["bound"] is not None and s["best"]["score"] >= s["bound"]) for s in before]
        assert not any(settled), "it never goes on once nothing better can come"
        reason = "limit" if len(outcome["steps"]) == limit else "empty" if last["bound"] is None else "settled"
        assert outcome["reason"] == reason

        assert outcome["greedy"]["text"] == greedy.text
        assert outcome["greedy"]["total"] == pytest.approx(greedy.log_probability, abs=1e-8)
        assert outcome["greedy"]["score"] == pytest.approx(
            greedy.log_probability / length_penalty(len(greedy.written), alpha), abs=1e-8
        )
        symbols = translator.target_vocabulary.encode(greedy.written)
        path = outcome["greedy"]["path"]
        assert [node["token"] for node in ways[path[-1]]] == symbols[: len(path)]
        assert [node["number"] for node in ways[path[-1]]] == path
        assert (
            path[-1:] == path[len(symbols) - 1 :][:1]
            or outcome["nodes"][path[-1]]["fate"] == "dropped"
            or (len(path) == len(outcome["steps"]))
        )


def way(nodes, node):
    """The candidates from the first symbol to this one."""
    return [*(way(nodes, nodes[node["parent"]]) if node["parent"] is not None else []), node]


@pytest.mark.parametrize(
    ("beam", "alpha"), [(1, 0), (2, 0.6), (3, 0.6), (3, 0), (4, 0), (5, 0.6), (5, 1)], ids=lambda value: str(value)
)
def test_it_searches_as_the_package_does(logic, beam, alpha):
    texts = [*DATES[:: 1 if (beam, alpha) == (3, 0.6) else 10], *STRANGE, *EXAMPLES.values()]
    outcomes = logic(texts, beam, alpha)
    check(EXACT, texts, outcomes, beam, alpha)
    translations = TRANSLATOR.translate(texts, beam=beam, alpha=alpha, max_length=LIMIT)
    assert [found(outcome) for outcome in outcomes] == [translation.text for translation in translations]
    scores = [outcome["nodes"][outcome["result"]]["score"] for outcome in outcomes]
    np.testing.assert_allclose(scores, [translation.score for translation in translations], rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_any_model_is_searched_so(logic, seed):
    translator = random_translator(seed, scale=seed)  # all symbols alike at first, then surer and surer
    exported = export(translator)
    translator.model.double()
    rng = np.random.default_rng(seed)
    texts = ["", *("".join(rng.choice([*"abcd1 z"], n)) for n in range(1, 6))]
    for beam, alpha, limit in ((1, 0.6, 4), (2, 0, 1), (3, 1, 6), (7, 0, 3), (9, 0.6, 5)):
        outcomes = logic(texts, beam, alpha, limit, exported)
        check(translator, texts, outcomes, beam, alpha, limit)


def random_translator(seed, scale):
    torch.manual_seed(seed)
    source, target = Vocabulary("abcd1 "), Vocabulary("01-", specials=SPECIALS)
    settings = {"cell": "gru", "bidirectional": True, "attention": "general", "embedding_size": 3, "hidden_size": 4}
    model = Seq2Seq(len(source), len(target), **settings).eval()
    for parameter in model.parameters():
        parameter.data = (parameter.data * scale).half().float()
    return Translator(model, source, target, characters)


def test_all_reasons_to_stop_occur(logic):
    reasons = {outcome["reason"] for outcome in logic([*EXAMPLES.values(), *STRANGE])}
    reasons |= {outcome["reason"] for outcome in logic(["May"], limit=3) + logic(DATES[:3], beam=1)}
    assert reasons == {"settled", "limit", "empty"}


def test_greedy_and_beam_differ_in_the_examples_and_not_on_dates(logic):
    with_penalty, without = (logic([*EXAMPLES.values()], alpha=alpha) for alpha in (ALPHA, 0))

    def differ(outcomes):
        return [name for name, outcome in zip(EXAMPLES, outcomes, strict=True) if found(outcome) != greedy(outcome)]

    assert differ(with_penalty)[:3] == ["No year", "Half a month", "No day"]
    assert "No day" not in differ(without)
    assert {"No year", "Half a month"} < {*differ(without)} | {"No day"}
    assert "A date" not in differ(with_penalty)
    assert all(found(outcome) == greedy(outcome) for outcome in logic(DATES))


def found(outcome):
    return outcome["texts"][outcome["result"]]


def greedy(outcome):
    return outcome["greedy"]["text"]


# --- sentences -------------------------------------------------------------------------------------------------------


def number(value):
    text = f"{abs(value):.2f}"
    return f"−{text}" if value < 0 and float(text) else text


def share(p):
    return "> 0.999" if p > 0.9995 else "< 0.001" if p < 0.0005 else f"{p:.3f}"


def spelt(text):
    return f"“{text}”" if text else "the empty text"


def step_sentences(outcome, shown, alpha, limit):
    """What is said of a step, but for what came of the whole search."""
    if shown == 0:
        return ["Nothing is written yet: the search starts from one empty hypothesis."]
    step, over = outcome["steps"][shown - 1], shown == len(outcome["steps"])
    fates = [node["fate"] for node in step["candidates"]]
    path = [outcome["nodes"][n] for n in outcome["greedy"]["path"]]
    at = path[min(shown, len(path)) - 1]
    rank = outcome["steps"][at["length"] - 1]["candidates"].index(at) + 1
    if at["fate"] == "dropped":
        way = f"What greedy decoding writes was dropped at step {at['length']}, at rank {rank}."
    elif at["fate"] == "ended":
        way = f"What greedy decoding writes ended at step {at['length']}."
    else:
        way = f"Greedy decoding goes through rank {rank}."
    best, bound = step["best"], step["bound"]
    so_far = "None has ended."
    if best:
        text = spelt(outcome["texts"][best["number"]])
        so_far = f"The best that has ended is {text}, with score {number(best['score'])}."
    even = f", even with the penalty of {limit} symbols" if alpha else ""
    if over and outcome["reason"] == "limit":
        rest = f"With {limit} symbols the greatest length is reached: the search stops."
    elif over and outcome["reason"] == "empty":
        rest = "None is alive: the search stops."
    elif not best:
        rest = "The search goes on."
    else:
        ahead = ("something better may come, and the search goes on", "nothing better can come, and the search stops")
        rest = f"What is alive can reach {number(bound)} at most{even}: {ahead[over]}."
    kept, ended, dropped = map(fates.count, ("kept", "ended", "dropped"))
    return [f"Step {shown}: {kept} kept, {ended} ended, {dropped} dropped.", way, f"{so_far} {rest}"]


def result_sentence(outcome):
    """The first sentence about the whole search."""
    node, own = outcome["nodes"][outcome["result"]], outcome["greedy"]
    text = f"Beam search writes {spelt(found(outcome))}, with probability {share(np.exp(node['total']))} and score "
    text += f"{number(node['score'])}. "
    if found(outcome) == own["text"] and (node["fate"] == "ended") == (own["tokens"][-1] == END):
        return text + "Greedy decoding writes the same."
    than = "less" if own["total"] < node["total"] else "more"
    probability = share(np.exp(own["total"]))
    return text + f"Greedy decoding writes {spelt(own['text'])}, with probability {probability}, which is {than}."


def node_sentences(outcome, node, alpha):
    path = way(outcome["nodes"], node)
    rank = outcome["steps"][node["length"] - 1]["candidates"].index(node) + 1
    end = " and the end" if node["fate"] == "ended" else ""
    parts = " + ".join(number(each["logP"]) for each in path).replace("+ −", "− ")
    total = f" ≈ {number(node['total'])}" if len(path) > 1 else ""
    penalty = length_penalty(node["length"], alpha)
    symbols = f"the penalty of {node['length']} symbols"
    score = f" Divided by {number(penalty)}, {symbols}, its score is {number(node['score'])}." if alpha else ""
    text = outcome["texts"][node["number"]]
    return [
        f"{spelt(text)}{end}: step {node['length']}, rank {rank}, {node['fate']}.",
        f"Log probability {parts}{total}.{score}",
    ]


@pytest.mark.parametrize(("alpha", "limit"), [(0.6, 16), (0, 16), (0.6, 5)])
def test_sentences_say_what_the_numbers_say(logic, alpha, limit):
    for outcome in logic([*EXAMPLES.values(), *STRANGE], 3, alpha, limit):
        *before, last = outcome["saySteps"]
        assert before == [step_sentences(outcome, shown, alpha, limit) for shown in range(len(before))]
        assert last[0] == result_sentence(outcome)
        assert last[-3:] == step_sentences(outcome, len(before), alpha, limit)
        ended = outcome["nodes"][outcome["result"]]["fate"] == "ended"
        assert ("It has not come to an end." in last) == (not ended)
        is_day = re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])", found(outcome))  # all days, but a few
        assert is_day is None or "That is no day of the calendar." not in last
        assert outcome["sayNodes"] == [node_sentences(outcome, node, alpha) for node in outcome["nodes"]]
        assert any("know" in each or "Nothing to read" in each for each in last) == (not all(outcome["known"]))


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first(logic):
    return logic([EXAMPLES["No year"]])[0]


def press(page, name):
    page.get_by_role("button", name=name, exact=True).press("Enter")


def said(page):
    return " ".join(page.locator(".translator-said p").all_inner_texts())


def detail(page):
    return page.locator(".translator-detail p").all_inner_texts()


def drawn(page):
    """The candidates in the tree: their number, class, place and label."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".beam-tree-nodes button")].map((button) => [
          Number(button.dataset.number), button.className, Number(button.style.getPropertyValue("--column")),
          Number(button.style.getPropertyValue("--row")), button.getAttribute("aria-label")])"""
    )


def expected_drawing(outcome, shown):
    symbols = TRANSLATOR.target_vocabulary.tokens
    rows = []
    for step in outcome["steps"][:shown]:
        for rank, node in enumerate(step["candidates"], 1):
            symbol = "end" if node["token"] == END else symbols[node["token"]]
            label = f"Step {node['length']}, rank {rank}: {symbol}, {node['fate']}, {number(node['total'])}"
            rows.append([node["number"], node["fate"], node["length"] + 1, rank, label])
    return rows


def current(page):
    (chosen,) = page.evaluate(
        """() => [...document.querySelectorAll('.beam-tree-nodes [aria-current="true"][tabindex="0"]')].map((button) =>
          Number(button.dataset.number))"""
    )
    return chosen


def test_it_starts_with_the_whole_tree_of_the_first_example(visit, first):
    page = visit()
    assert page.locator("[type=text]").input_value() == EXAMPLES["No year"]
    assert said(page) == " ".join(first["saySteps"][-1])
    assert drawn(page) == expected_drawing(first, len(first["steps"]))
    assert current(page) == first["result"]
    assert detail(page) == first["sayNodes"][first["result"]]


def test_step_by_step(visit, first):
    page = visit()
    press(page, "Start anew")
    assert (drawn(page), said(page)) == ([], first["saySteps"][0][0])
    for shown in range(1, len(first["steps"]) + 1):
        press(page, "Next step")
        assert drawn(page) == expected_drawing(first, shown)
        assert said(page) == " ".join(first["saySteps"][shown])
    assert page.locator("[name=next]").get_attribute("aria-disabled") == "true"
    press(page, "Back")
    assert said(page) == " ".join(first["saySteps"][-2])
    press(page, "To the end")
    assert drawn(page) == expected_drawing(first, len(first["steps"]))


def test_lines_join_each_candidate_with_its_parent(visit, first):
    page = visit()
    paths = {
        path.get_attribute("class"): [[float(n) for n in re.findall(r"[\d.]+", piece)] for piece in d.split("M")[1:]]
        for path in page.locator(".beam-tree-nodes path").all()
        if (d := path.get_attribute("d")) is not None
    }
    rank = {node["number"]: r for step in first["steps"] for r, node in enumerate(step["candidates"])}

    def lines(nodes):
        ends = [(n["length"], 0 if n["parent"] is None else rank[n["parent"]], rank[n["number"]]) for n in nodes]
        return [pytest.approx([x - 0.15, y + 0.5, x + 0.15, z + 0.5]) for x, y, z in ends]

    nodes = first["nodes"]
    assert paths["dropped"] == lines([node for node in nodes if node["fate"] == "dropped"])
    assert paths["kept"] == lines([node for node in nodes if node["fate"] != "dropped"])
    assert paths["result"] == lines(way(nodes, nodes[first["result"]]))
    assert paths["greedy"] == lines([nodes[n] for n in first["greedy"]["path"]])
    columns, rows = len(first["steps"]) + 1, max(len(step["candidates"]) for step in first["steps"])
    assert page.locator(".beam-tree-nodes svg").get_attribute("viewBox") == f"0 0 {columns} {rows}"
    box = page.locator(".beam-tree-nodes").bounding_box()
    for button in page.locator(".beam-tree-nodes button").all()[::7]:
        place, (column, row) = (
            button.bounding_box(),
            button.evaluate("b => ['--column', '--row'].map((name) => Number(b.style.getPropertyValue(name)))"),
        )
        assert place["x"] == pytest.approx(box["x"] + (column - 0.85) / columns * box["width"], abs=1.5)
        assert place["y"] + place["height"] / 2 == pytest.approx(box["y"] + (row - 0.5) / rows * box["height"], abs=1.5)


def test_width_and_penalty_search_anew(visit, logic):
    page = visit()
    press(page, "No day")
    for beam, alpha in ((3, 0.6), (3, 0), (5, 0), (1, 0.6), (2, 0.6)):
        page.locator("[name=width]").select_option(str(beam))
        page.locator("[name=penalty]").set_checked(alpha > 0)
        (outcome,) = logic([EXAMPLES["No day"]], beam, alpha)
        assert said(page) == " ".join(outcome["saySteps"][-1])
        assert drawn(page) == expected_drawing(outcome, len(outcome["steps"]))
    page.locator("[type=text]").fill("May")
    (outcome,) = logic(["May"], 2)
    assert drawn(page) == expected_drawing(outcome, len(outcome["steps"]))


def test_the_tree_by_pointer_and_by_keyboard(visit, first):
    page = visit()
    nodes = first["nodes"]
    page.locator(".beam-tree-nodes button").first.hover()
    assert (current(page), detail(page)) == (0, first["sayNodes"][0])
    page.locator(".beam-tree-nodes button").first.focus()

    def press_key(key, to):
        page.keyboard.press(key)
        assert current(page) == to
        assert page.evaluate("Number(document.activeElement.dataset.number)") == to
        assert detail(page) == first["sayNodes"][to]
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"

    press_key("ArrowLeft", 0)
    press_key("ArrowUp", 0)
    press_key("ArrowDown", 1)
    press_key("ArrowUp", 0)
    child = next(node["number"] for node in nodes if node["parent"] == 0)
    press_key("ArrowRight", child)
    press_key("ArrowLeft", 0)
    for node in way(nodes, nodes[first["result"]]):
        at = next(n["number"] for n in nodes if n["parent"] == node["parent"])
        if at > 0:
            press_key("ArrowRight", at)
        while at < node["number"]:
            at += 1
            press_key("ArrowDown", at)
    assert page.locator(".beam-tree-nodes [tabindex='0']").count() == 1


def test_candidates_in_numbers(visit, first):
    page = visit()
    page.locator("summary").click()
    for back in (0, 3):
        for _ in range(back):
            press(page, "Back")
        step = first["steps"][-1 - back]
        page.locator(".translator-numbers td").first.wait_for()
        _, *body = page.evaluate(
            """() => [...document.querySelectorAll(".translator-numbers tr")].map((row) =>
              [...row.cells].map((cell) => cell.textContent))"""
        )
        assert body == [
            [
                first["texts"][node["number"]] + " end" * (node["token"] == END),
                *(number(node[key]) for key in ("logP", "total", "score")),
                node["fate"],
            ]
            for node in step["candidates"]
        ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_axe_finds_no_barrier_and_nothing_sticks_out(visit, size, scheme):
    page = visit(size=size, scheme=scheme)
    page.locator("summary").click()
    for name in ("No year", "Nothing"):
        press(page, name)
        assert_no_barrier(page)
        assert_nothing_sticks_out(page)
        assert page.evaluate(
            """() => [...document.querySelectorAll(".beam-tree-nodes button")].every((button) =>
              button.scrollWidth <= button.clientWidth && button.scrollHeight <= button.clientHeight)"""
        ), "every candidate has room for its numbers"
