"""The date converter in headless Chromium: its numbers are torch's, and the model that ships reads dates."""

import base64
import datetime
import gzip
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import Visit, assert_no_barrier, assert_nothing_sticks_out

from rnnbook import recipes
from rnnbook.data import Parallel, dates
from rnnbook.demos import date_converter, load
from rnnbook.demos.date_converter import EXAMPLES, LIMIT, SHIPPED, export
from rnnbook.models import Seq2Seq, Translator
from rnnbook.models.translator import UNWRITTEN
from rnnbook.recipes.dates import HELD_OUT, answers
from rnnbook.text import Vocabulary, characters, pad, words
from rnnbook.text.pairs import SPECIALS

DEMO = load("date_converter")
READY = ".date-converter [type=text]"
SCRIPT = Path(__file__).parents[2] / "assets" / date_converter.SCRIPT
TRANSLATOR = date_converter.shipped()
DATES = dates.generate(300, seed=1)
STRANGE = [
    "", " ", "?", "April 1", "Oktober 2021", "noviembre", "tomorrow", "Juny 5 2024", "1 or 2 June 1999", "99-12-31",
    "\u0434\u0435\u043a\u0430\u0431\u0440\u044c 2024", "fe\u0301vrier 3 2001", "f\u00e9vrier 3 2001", "\U0001f5d3 2024",
    "1" * 70, "x", "<b>1</b> May 2000", "2024-03-03\n", "constructor __proto__",
]  # fmt: skip


@pytest.fixture(scope="module")
def logic(browser, address):
    """What window.rnnbook.dates makes of texts, with the page's own model: outcomes and sentences."""
    visit = Visit(browser, address)
    visit.page.wait_for_function("window.rnnbook.datesModel")
    yield lambda texts, model=None, limit=LIMIT: visit.page.evaluate(
        """([texts, other, limit]) => {
          const model = window.rnnbook.translator.unpack(other ?? window.rnnbook.datesModel);
          return texts.map((text) => {
            const outcome = window.rnnbook.dates.convert(model, text, limit);
            const steps = outcome.steps.map((step) => ({ ...step, weights: [...step.weights] }));
            const saySteps = steps.map((_, t) => window.rnnbook.dates.sayStep(outcome, t));
            return { ...outcome, steps, sayAll: window.rnnbook.dates.sayAll(outcome), saySteps };
          });
        }""",
        [texts, model, limit],
    )
    visit.close()


# --- what the page carries -------------------------------------------------------------------------------------------


def test_the_script_holds_every_weight_exactly_and_every_character():
    remedy = f"`python -m rnnbook.demos.date_converter > assets/{SCRIPT.name}` writes it again"
    text = SCRIPT.read_text(encoding="utf-8")
    assert text == date_converter.script(TRANSLATOR), remedy
    model = json.loads(text.removeprefix("window.rnnbook.datesModel = ").removesuffix(";\n"))
    numbers = torch.from_numpy(np.frombuffer(base64.b64decode(model["numbers"]), "<f2").astype(np.float32))
    weights = TRANSLATOR.model.state_dict()
    assert list(model["shapes"]) == list(weights)
    sizes = [tensor.numel() for tensor in weights.values()]
    for piece, (name, tensor) in zip(numbers.split(sizes), weights.items(), strict=True):
        assert torch.equal(piece.view(model["shapes"][name]), tensor), name
    assert model["source"] == TRANSLATOR.source_vocabulary.tokens
    assert model["target"] == TRANSLATOR.target_vocabulary.tokens


def test_the_page_carries_the_examples_and_names_the_script():
    version = hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:8]
    named = [{"name": name, "text": text} for name, text in EXAMPLES.items()]
    assert DEMO.data == {"model": f"{SCRIPT.name}?v={version}", "limit": 16, "examples": named}


def test_what_it_costs_to_look_at_is_small():
    added = DEMO._repr_html_().encode()
    assert len(added) < 60_000
    assert len(gzip.compress(added)) < 20_000
    assert len(gzip.compress(SCRIPT.read_bytes())) < 120_000, "sent to those who come to the demo"


def make_translator(seed=0, D=3, H=5, tokenize=characters, halved=True, scale=3, **settings):
    torch.manual_seed(seed)
    source, target = Vocabulary("abcd1 é"), Vocabulary("0123-", specials=SPECIALS)
    arguments = {"cell": "gru", "bidirectional": True, "attention": "general"} | settings
    model = Seq2Seq(len(source), len(target), embedding_size=D, hidden_size=H, **arguments).eval()
    for parameter in model.parameters():
        parameter.data = (parameter.data * scale).half().float() if halved else parameter.data
    return Translator(model, source, target, tokenize)


@pytest.mark.parametrize(
    "settings",
    [{"cell": "lstm"}, {"num_layers": 2}, {"bidirectional": False}, {"attention": "additive"}, {"tokenize": words}],
    ids=lambda settings: next(iter(settings)),
)
def test_refuses_a_model_that_the_script_cannot_run(settings):
    with pytest.raises(ValueError, match="the demos of dates run a model of characters with"):
        export(make_translator(**settings))


def test_refuses_weights_that_would_lose_something():
    with pytest.raises(ValueError, match="16 bits do not hold exactly"):
        export(make_translator(halved=False))


def test_the_model_that_ships_is_what_its_recipe_makes_and_reads_dates_it_has_not_learnt():
    settings = recipes.find("dates-reader").settings
    made = TRANSLATOR.model.settings
    assert {key: made[key] for key in made.keys() & settings} == {key: settings[key] for key in made.keys() & settings}
    train, held_out = dates.generate(settings["n"], seed=0).split(0, HELD_OUT)
    some = Parallel(held_out.sources[:400], held_out.targets[:400])
    assert not {*train.targets} & {*some.targets}
    assert np.mean(np.array(answers(TRANSLATOR, some)) == some.targets) >= 0.99
    assert sorted(TRANSLATOR.source_vocabulary.tokens[2:]) == train.alphabets[0]


def test_the_figure_says_what_torch_says():
    alt = DEMO.figure.alt
    (found,) = TRANSLATOR.translate([EXAMPLES["English"]], max_length=LIMIT)
    said = re.search(r"row by row: (.*)\. Of all", alt)[1]
    looks = [found.read[s] for s in found.weights.argmax(dim=1)]
    written = [*found.text, "end"]
    assert said == ", ".join(f"“{a}” at “{b}”" for a, b in zip(written, looks, strict=True))
    assert f"{(found.weights < 0.01).float().mean():.0%} are below 0.01" in alt
    assert f"character of {found.text} that" in alt


def test_the_model_is_the_one_that_ships(monkeypatch):
    asked = []
    monkeypatch.setattr(Translator, "load", lambda path: asked.append(path) or TRANSLATOR)
    assert date_converter.make().data == DEMO.data
    assert asked == [SHIPPED / "dates-reader"]


# --- numbers ---------------------------------------------------------------------------------------------------------


def check(translator, texts, outcomes, limit=LIMIT):
    """Texts, log-probabilities and attention are those of torch, which is given the same symbols as its teacher."""
    vocabulary = translator.target_vocabulary
    for text, outcome, found in zip(texts, outcomes, translator.translate(texts, max_length=limit), strict=True):
        read = translator.tokenize(text)
        assert outcome["tokens"] == (read or [""])
        assert outcome["known"] == [token in translator.source_vocabulary for token in read or [""]]
        assert outcome["text"] == found.text, text
        assert outcome["ended"] == found.finished
        assert outcome["logP"] == pytest.approx(found.log_probability, abs=1e-5)
        assert [step["token"] for step in outcome["steps"]] == [token.replace("</s>", "end") for token in found.written]
        source, lengths = pad([translator.source_vocabulary.encode(read) or [1]])
        with torch.no_grad():
            logits = translator.model(source, lengths, torch.tensor([vocabulary.encode(found.written)]))[0]
        logits[:, UNWRITTEN] = -torch.inf
        p, places = logits.softmax(dim=1).sort(dim=1, descending=True, stable=True)
        for t, step in enumerate(outcome["steps"]):
            assert step["probability"] == pytest.approx(p[t, 0].item(), abs=1e-5)
            names = [vocabulary.tokens[i].replace("</s>", "end") for i in places[t, :3]]
            best = [p for _, p in step["choices"]]
            np.testing.assert_allclose(best, p[t, :3], rtol=0, atol=1e-5)
            assert step["choices"][0][0] == names[0]
            assert dict(step["choices"]).keys() == {*names} or min(-np.diff(p[t, :4])) < 1e-5, text
            np.testing.assert_allclose(step["weights"], found.weights[t], rtol=0, atol=1e-5, err_msg=text)
            assert sum(step["weights"]) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("texts", [DATES.sources, [*STRANGE, *EXAMPLES.values()]], ids=["dates", "strange"])
def test_numbers_are_those_of_torch(logic, texts):
    check(TRANSLATOR, texts, logic(texts))


@pytest.mark.parametrize(
    "options", [{}, {"seed": 1, "D": 7, "H": 2}, {"D": 1, "H": 1}, {"seed": 2, "H": 9, "scale": 6}], ids=str
)
def test_any_model_of_this_kind_runs_so(logic, options):
    translator = make_translator(**options)
    rng = np.random.default_rng(0)
    texts = ["", "z", *("".join(rng.choice([*"abcd1 éz"], n)) for n in range(1, 15))]
    for limit in (1, 7):
        check(translator, texts, logic(texts, export(translator), limit), limit)


def test_every_number_of_16_bits_is_read(browser, address):
    bits = torch.arange(2**16).sub(2**15).to(torch.int16).view(torch.float16)
    numbers = bits[bits.isfinite()]  # subnormal ones among them, and both zeros
    model = {
        "source": [],
        "target": [],
        "shapes": {"source_embedding.weight": [len(numbers) - 4, 1], "decoder.weight_hh_l0": [4, 1]},
        "numbers": base64.b64encode(numbers.numpy().astype("<f2").tobytes()).decode(),
    }
    visit = Visit(browser, address)
    weights = visit.page.evaluate(
        "(model) => Object.values(window.rnnbook.translator.unpack(model).weights).map((numbers) => [...numbers])",
        model,
    )
    visit.close()
    np.testing.assert_array_equal(np.concatenate(weights), numbers.double().numpy())
    assert len(weights[1]) == 4


def test_a_day_is_one_of_the_calendar(browser, address):
    visit = Visit(browser, address)
    rng = np.random.default_rng(0)
    texts = [
        f"{y:04}-{m:02}-{d:02}" for y, m, d in zip(*(rng.integers(0, n, 500) for n in (2100, 14, 33)), strict=True)
    ]
    texts += ["2024-02-29", "2023-02-29", "1900-02-29", "2024-2-29", "", "2024-02-2", "2024-02-29 ", "02024-02-29"]
    found = visit.page.evaluate("(texts) => texts.map(window.rnnbook.translator.isDay)", texts)
    visit.close()
    for text, is_day in zip(texts, found, strict=True):
        if not text.startswith("0000"):  # a year that Python does not have
            assert is_day == (text in days_of(text)), text


def days_of(text):
    try:
        return [datetime.date.fromisoformat(text).isoformat()]
    except ValueError:
        return []


# --- sentences -------------------------------------------------------------------------------------------------------


def share(p):
    return "> 0.999" if p > 0.9995 else "< 0.001" if p < 0.0005 else f"{p:.3f}"


def quote(token):
    return {" ": "a space", "": "nothing", "end": "the end"}.get(token, f"“{token}”")


def all_sentences(outcome):
    steps, text = outcome["steps"], outcome["text"]
    unsure = int(np.argmin([step["probability"] for step in steps]))
    (best, p), (second, q), _ = steps[unsure]["choices"]
    strange = dict.fromkeys(t for t, known in zip(outcome["tokens"], outcome["known"], strict=True) if not known)
    return [
        f"The network writes {text or 'nothing'}, with probability {share(np.exp(outcome['logP']))}.",
        *[f"It has not come to an end after {len(steps)} characters, and is stopped."] * (not outcome["ended"]),
        *["That is no day of the calendar."] * (outcome["ended"] and not days_of(text)),
        *["Nothing to read: the network is given one unknown character, and guesses."] * ("" in strange),
        *[f"It does not know {', '.join(map(quote, strange))}, and reads “unknown” there."]
        * bool(strange and "" not in strange),
        f"It is least sure at step {unsure + 1}, {quote(best)}, with probability {share(p)}; the next best is "
        f"{quote(second)}, with {share(q)}.",
    ]


def step_sentences(outcome, t):
    step = outcome["steps"][t]
    weights = np.array(step["weights"])
    top = (-weights).argsort(kind="stable")[:3]
    (first, p), *others = step["choices"]
    next_best = [f"{quote(token)} {share(q)}" for token, q in others]
    looks = [f"{quote(outcome['tokens'][s])} (character {s + 1}) {share(weights[s])}" for s in top]
    return [
        f"Step {t + 1} writes {quote(first)}, with probability {share(p)}; next come {' and '.join(next_best)}.",
        f"Most attention: {', '.join(looks)}.",
    ]


@pytest.fixture(scope="module")
def outcomes(logic):
    return logic([*EXAMPLES.values()])


def test_sentences_say_what_the_numbers_say(logic, outcomes):
    for outcome in [*outcomes, *logic(STRANGE + DATES.sources[:20]), *logic(["May 4"], limit=5)]:
        assert outcome["sayAll"] == all_sentences(outcome)
        assert outcome["saySteps"] == [step_sentences(outcome, t) for t in range(len(outcome["steps"]))]


def test_the_examples_show_what_they_are_named_for(outcomes):
    said = dict(zip(EXAMPLES, outcomes, strict=True))
    right = {"English": "2024-03-03", "German": "1969-09-30", "French": "2005-08-01", "Spanish": "1931-12-07"}
    right |= {"Roman": "1987-09-09", "Ambiguous": "2005-04-03"}
    assert {name: said[name]["text"] for name in right} == right
    assert "That is no day of the calendar." in said["Impossible"]["sayAll"]
    assert said["Nothing"]["tokens"] == [""]


# --- the page --------------------------------------------------------------------------------------------------------


def field(page):
    return page.locator(".date-converter [type=text]")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).press("Enter")  # a click would wait where it is disabled


def said(page):
    return " ".join(page.locator(".translator-said p").all_inner_texts())


def detail(page):
    return page.locator(".translator-detail p").all_inner_texts()


def rows(page):
    return page.locator(".converter-scroll tbody tr:visible")


def current(page):
    (t,) = page.evaluate(
        """() => [...document.querySelectorAll(".converter-scroll tbody tr")].flatMap((row, t) =>
          row.querySelector('[aria-current="true"][tabindex="0"]') ? [t] : [])"""
    )
    return t


def test_it_starts_with_the_first_example_all_written(visit, outcomes):
    page = visit()
    assert field(page).input_value() == EXAMPLES["English"]
    assert said(page) == " ".join(all_sentences(outcomes[0]))
    assert page.locator(".converter-answer").inner_text() == "2024-03-03"
    assert (rows(page).count(), current(page)) == (11, 10)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_at_once_and_the_table_is_the_numbers(visit, outcomes, name):
    page = visit()
    press(page, name)
    outcome = outcomes[list(EXAMPLES).index(name)]
    assert said(page) == " ".join(all_sentences(outcome))
    head, *body = page.evaluate(
        """() => [...document.querySelectorAll(".converter-scroll tr")].map((row) =>
          [...row.cells].map((cell) => cell.textContent))"""
    )
    assert head == ["reads", *(token.replace(" ", "␣") or "(nothing)" for token in outcome["tokens"])]
    assert body == [[step["token"], *map(share, step["weights"])] for step in outcome["steps"]]
    shades = page.evaluate(
        """() => [...document.querySelectorAll(".converter-scroll td")].map((cell) =>
          Number(cell.style.getPropertyValue("--weight")))"""
    )
    np.testing.assert_allclose(shades, np.concatenate([step["weights"] for step in outcome["steps"]]), atol=1e-4)
    colours = page.evaluate(
        """() => [...document.querySelectorAll(".converter-scroll td")].map((cell) =>
          getComputedStyle(cell).backgroundColor)"""
    )
    assert len({*colours}) > (1 if name == "Nothing" else 5) or len(outcome["tokens"]) == 1


def test_character_by_character(visit, outcomes):
    page = visit()
    press(page, "Back")
    assert (rows(page).count(), page.locator(".converter-answer").inner_text()) == (10, "2024-03-03")
    assert said(page) == " ".join(step_sentences(outcomes[0], 9))
    press(page, "Start anew")
    assert rows(page).count() == 0
    assert said(page) == "Nothing is written yet."
    assert page.locator(".converter-answer").inner_text() == "…"
    assert page.locator("[name=back]").get_attribute("aria-disabled") == "true"
    press(page, "Back")
    assert rows(page).count() == 0
    for t in range(10):
        press(page, "Next character")
        assert (rows(page).count(), current(page)) == (t + 1, t)
        assert page.locator(".converter-answer").inner_text() == "2024-03-03"[: t + 1]
        assert said(page) == " ".join(step_sentences(outcomes[0], t))
        assert detail(page) == step_sentences(outcomes[0], t)
    press(page, "Next character")
    assert said(page) == " ".join(all_sentences(outcomes[0]))
    assert page.locator("[name=next]").get_attribute("aria-disabled") == "true"
    press(page, "Next character")
    assert rows(page).count() == 11
    press(page, "Start anew")
    press(page, "All at once")
    assert rows(page).count() == 11


def test_typing_redraws_at_once_and_is_told_after_a_pause(browser, address, logic):
    seen = Visit(browser, "about:blank")
    page = seen.page
    page.clock.install(time=datetime.datetime(2026, 1, 1))
    page.goto(address)
    field(page).wait_for()
    page.clock.pause_at(datetime.datetime(2026, 1, 2))
    before = said(page)
    field(page).fill("")
    field(page).press_sequentially("5 May 199")
    page.clock.run_for(500)
    field(page).press_sequentially("9")
    assert page.locator(".converter-answer").inner_text() == "1999-05-05"
    page.clock.run_for(500)
    assert said(page) == before, "a listener is not told of every key"
    page.clock.run_for(200)
    (outcome,) = logic(["5 May 1999"])
    assert said(page) == " ".join(all_sentences(outcome))
    assert seen.errors == []
    seen.close()


def test_what_is_typed_stays_text_and_unknown_characters_are_marked(visit):
    page = visit()
    field(page).fill("<img src=x onerror=hurt()> 5 & Ж")
    assert page.locator(".converter-scroll img").count() == 0
    heads = page.locator(".converter-scroll thead th").all()[1:]
    assert "".join(head.inner_text() for head in heads).replace("␣", " ") == field(page).input_value()
    marked = [head.inner_text() for head in heads if head.get_attribute("class") == "unknown"]
    assert {*marked} == {c for c in field(page).input_value() if c not in TRANSLATOR.source_vocabulary}
    looks = page.evaluate(
        """() => [...document.querySelectorAll(".converter-scroll thead .unknown")].map((head) =>
          [getComputedStyle(head).textDecorationStyle, getComputedStyle(head, "::after").content])"""
    )
    assert {*map(tuple, looks)} == {("dashed", '"?"')}


def test_rows_by_pointer_and_by_keyboard(visit, outcomes):
    page = visit()
    rows(page).nth(4).locator("td").nth(3).hover()
    assert (current(page), detail(page)) == (4, step_sentences(outcomes[0], 4))
    page.locator("[name=numbers]").focus()
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "all"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Attention"
    page.keyboard.press("Tab")
    for key, t in [("ArrowDown", 5), ("ArrowUp", 4), ("Home", 0), ("ArrowUp", 0), ("End", 10), ("ArrowDown", 10)]:
        page.keyboard.press(key)
        assert (current(page), detail(page)) == (t, step_sentences(outcomes[0], t))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.locator(".converter-scroll button[tabindex='0']").count() == 1


def test_attention_in_numbers_on_demand(visit):
    page = visit()
    number = page.locator(".converter-scroll td span").first
    assert number.bounding_box()["width"] <= 1
    page.locator("[name=numbers]").check()
    assert number.bounding_box()["width"] > 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_axe_finds_no_barrier_and_nothing_sticks_out(visit, size, scheme):
    page = visit(size=size, scheme=scheme)
    for text in (EXAMPLES["German"], "Ж 1", "", "w" * 60):
        field(page).fill(text)
        page.locator("[name=numbers]").set_checked(text != "")
        assert_no_barrier(page)
        assert_nothing_sticks_out(page)
