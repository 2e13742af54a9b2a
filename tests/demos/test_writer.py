"""Write with the model, in headless Chromium: its numbers are torch's, and it draws as `rnnbook.decode` does."""

import base64
import gzip
import hashlib
import itertools
import json
import unicodedata
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import Visit, assert_no_barrier, assert_nothing_sticks_out, contrast
from scipy.stats import chisquare

from rnnbook import results
from rnnbook.data import load_corpus
from rnnbook.decode import distribution, generate
from rnnbook.demos import load, writer
from rnnbook.demos.writer import BEGINNINGS, NAME, TEMPERATURE, TOP_P, export, reading
from rnnbook.models import LanguageModel
from rnnbook.models.language_model import evaluate
from rnnbook.models.sequence import parameters_of
from rnnbook.recipes import shakespeare
from rnnbook.text import Vocabulary

DEMO = load("writer")
READY = ".writer textarea"
SCRIPT = Path(__file__).parents[2] / "assets" / writer.SCRIPT
MODEL, VOCABULARY = writer.shipped()
DOUBLE = writer.shipped()[0].double()
H, V = MODEL.settings["hidden_size"], len(VOCABULARY)
TELLING = DEMO.data["telling"]
KNOWN = [text for text in BEGINNINGS.values() if all(character in VOCABULARY for character in text)]
LONG = "".join(character for character in load_corpus() if character in VOCABULARY)[:2000]
SETTINGS = list(
    itertools.product(
        (0, 1e-300, 0.05, 0.3, 0.8, 1, 1.25, 2, 1e300),
        (None, 1, 2, 3, 10, 40, V - 1, V),
        (None, 0, 0.01, 0.3, 0.5, 0.9, 0.95, 0.99, 0.9999, 1),
    )
)


@pytest.fixture(scope="module")
def logic(browser, address):
    """Calls a function of window.rnnbook.writer for each of a list of arguments; "model" stands for the page's own."""
    visit = Visit(browser, address)
    visit.page.evaluate(
        """async () => {
          while (!window.rnnbook.writerModel) await new Promise(requestAnimationFrame);
          window.models = { model: window.rnnbook.writer.unpack(window.rnnbook.writerModel) };
        }"""
    )
    # As one string of JSON: of many numbers, Playwright would carry each by itself.
    yield lambda name, calls: json.loads(
        visit.page.evaluate(
            """([name, calls]) => JSON.stringify(JSON.parse(calls).map((call) =>
              window.rnnbook.writer[name](...call.map((each) => window.models[each] ?? each))),
              (_, value) => ArrayBuffer.isView(value) ? [...value] : value)""",
            [name, json.dumps(calls)],
        )
    )
    visit.close()


# --- what the page carries -------------------------------------------------------------------------------------------


def test_the_script_holds_every_weight_exactly_and_every_character():
    remedy = f"`python -m rnnbook.demos.writer > assets/{SCRIPT.name}` writes it again"
    text = SCRIPT.read_text(encoding="utf-8")
    assert text == writer.script(MODEL, VOCABULARY), remedy
    model = json.loads(text.removeprefix("window.rnnbook.writerModel = ").removesuffix(";\n"))
    numbers = torch.from_numpy(np.frombuffer(base64.b64decode(model["numbers"]), "<f2").astype(np.float32))
    weights = MODEL.state_dict()
    assert list(model["shapes"]) == list(weights)
    sizes = [tensor.numel() for tensor in weights.values()]
    for piece, (name, tensor) in zip(numbers.split(sizes), weights.items(), strict=True):
        assert torch.equal(piece.view(model["shapes"][name]), tensor), name
    assert list(model["characters"]) == VOCABULARY.tokens


def test_the_page_carries_the_beginnings_the_units_and_names_the_script():
    version = hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:8]
    assert DEMO.data["model"] == f"{SCRIPT.name}?v={version}"
    assert [(each["name"], each["text"]) for each in DEMO.data["beginnings"]] == list(BEGINNINGS.items())
    assert results.load(NAME).more["units"][0] == TELLING


def test_what_it_costs_to_look_at_is_small():
    added = DEMO._repr_html_().encode()
    assert len(added) < 60_000
    assert len(gzip.compress(added)) < 20_000
    assert len(gzip.compress(SCRIPT.read_bytes())) < 200_000, "sent to those who come to the demo"


def test_the_model_is_that_of_the_record():
    """What it writes with seed 0 is what was recorded, so it is the model that was measured."""
    result = results.load(NAME)
    assert result.seeds[0] == 0
    assert result.model["parameters"] == parameters_of(MODEL)
    options = {"max_length": shakespeare.WRITTEN, "temperature": shakespeare.TEMPERATURE}
    text = generate(MODEL, VOCABULARY, shakespeare.PROMPT, **options, generator=torch.Generator().manual_seed(0))
    assert text.removeprefix(shakespeare.PROMPT)[:100] == result.more["sample"][0][:100]
    assert result.values[0] < 1.7


def test_it_foresees_what_sounds_like_shakespeare_better_than_what_does_not():
    scores = {
        name: evaluate(MODEL, VOCABULARY.encode(text)).nats for name, text in BEGINNINGS.items() if text in KNOWN[:3]
    }
    backwards = [evaluate(MODEL, VOCABULARY.encode(text[::-1])).nats for text in KNOWN[:3]]
    assert all(nats < 2.2 for nats in scores.values()), scores
    assert all(nats > 3 for nats in backwards), backwards


@pytest.mark.parametrize("settings", [{"cell": "gru"}, {"num_layers": 2}, {"tied": True}], ids=str)
def test_refuses_a_model_that_the_script_cannot_run(settings):
    with pytest.raises(ValueError, match="the writer runs a model with"):
        export(LanguageModel(3, 4, 5, **settings), Vocabulary("abc", specials=()))


def test_refuses_specials_and_weights_that_would_lose_something():
    model = LanguageModel(3, 4, 5).half().float()
    with pytest.raises(ValueError, match="without specials"):
        export(model, Vocabulary("ab", specials=["<s>"]))
    export(model, Vocabulary("abc", specials=()))
    with pytest.raises(ValueError, match="16 bits do not hold exactly"):
        export(LanguageModel(3, 4, 5), Vocabulary("abc", specials=()))


def test_the_figure_says_what_torch_says():
    text = next(iter(BEGINNINGS.values()))
    logits, h = reading(MODEL, VOCABULARY, text)
    assert h.shape == (len(text), H)
    own, drawn = distribution(logits[-1]), distribution(logits[-1], TEMPERATURE, top_p=TOP_P)
    top = own.argsort(descending=True)[:10]
    shown = [{"\n": "↵", " ": "␣"}.get(VOCABULARY.tokens[k], VOCABULARY.tokens[k]) for k in top]
    alt = DEMO.figure.alt
    assert ", ".join(f"“{c}” {own[k]:.2f}" for c, k in zip(shown[:5], top.tolist(), strict=False)) in alt
    assert f"which leave {int((drawn[top] > 0).sum())} of these 10." in alt
    for each in TELLING:
        assert f"unit {each['unit'] + 1}, {each['follows']}" in alt
        assert f">unit {each['unit'] + 1}</text>" in DEMO.figure.svg


# --- numbers ---------------------------------------------------------------------------------------------------------


def states_of(model, vocabulary, text):
    """Logits (T, V), hidden states (T, H) and cell states (T, H) in double precision, character by character."""
    state, logits, h, c = None, [], [], []
    with torch.no_grad():
        for k in vocabulary.encode(text):
            scores, state = model(torch.tensor([[k]]), state)
            logits.append(scores[0, 0])
            h.append(state[0][0, 0])
            c.append(state[1][0, 0])
    return torch.stack(logits), torch.stack(h), torch.stack(c)


def check(model, vocabulary, text, steps):
    assert [step["id"] for step in steps] == vocabulary.encode(text)
    for key, values in zip(("logits", "h", "c"), states_of(model, vocabulary, text), strict=True):
        found = [step[key] for step in steps]
        np.testing.assert_allclose(found, values.numpy(), rtol=0, atol=1e-10, err_msg=f"{key} of {text!r}")


@pytest.mark.parametrize("texts", [KNOWN, ["".join(VOCABULARY.tokens), *VOCABULARY.tokens], [LONG]], ids=len)
def test_logits_and_states_are_those_of_torch(logic, texts):
    for text, steps in zip(texts, logic("read", [["model", text] for text in texts]), strict=True):
        check(DOUBLE, VOCABULARY, text, steps)
        logits, h = reading(MODEL, VOCABULARY, text)  # in 32 bits
        np.testing.assert_allclose([step["logits"] for step in steps], logits.numpy(), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose([step["h"] for step in steps], h.numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("D", "size", "characters"), [(1, 1, "ab"), (3, 5, "xyz \n"), (7, 2, "aé😀")])
def test_any_model_of_this_kind_is_read_so(browser, address, D, size, characters):
    torch.manual_seed(D)
    model, vocabulary = LanguageModel(len(characters), D, size).eval(), Vocabulary(characters, specials=())
    for parameter in model.parameters():
        parameter.data = (parameter.data * 3).half().float()
    text = "".join(np.random.default_rng(0).choice(list(characters), 50))
    visit = Visit(browser, address)
    steps = visit.page.evaluate(
        """([model, text]) => {
          const { unpack, read } = window.rnnbook.writer;
          return read(unpack(model), text).map(({ id, logits, h, c }) =>
            ({ id, logits: [...logits], h: [...h], c: [...c] }));
        }""",
        [export(model, vocabulary), text],
    )
    visit.close()
    check(model.double(), vocabulary, text, steps)


def test_what_two_texts_have_in_common_is_read_once(browser, address):
    """Steps of the common beginning are the same objects; what follows is as if it were read from the start."""
    visit = Visit(browser, address)
    found = visit.page.evaluate(
        """async (pairs) => {
          while (!window.rnnbook.writerModel) await new Promise(requestAnimationFrame);
          const { unpack, read } = window.rnnbook.writer;
          const model = unpack(window.rnnbook.writerModel);
          return pairs.map(([first, second]) => {
            const known = read(model, first);
            const [steps, anew] = [read(model, second, known), read(model, second)];
            const same = anew.every(({ logits }, t) => logits.every((logit, k) => logit === steps[t].logits[k]));
            return [steps.length, steps.filter((step, t) => step === known[t]).length, same];
          });
        }""",
        pairs := [
            ("ROMEO", "ROMAN"),
            ("ab", "abcd"),
            ("abcd", "ab"),
            ("abc", "abc"),
            ("", "ab"),
            ("ab", ""),
            ("ab", "xb"),
        ],
    )
    visit.close()
    common = [
        sum(1 for _ in itertools.takewhile(lambda pair: len({*pair}) == 1, zip(*pair, strict=False))) for pair in pairs
    ]
    assert found == [[len(second), shared, True] for (_, second), shared in zip(pairs, common, strict=True)]


def test_every_number_of_16_bits_is_read(browser, address):
    bits = torch.arange(2**16).sub(2**15).to(torch.int16).view(torch.float16)
    numbers = bits[bits.isfinite()]  # subnormal ones among them, and both zeros
    model = {
        "characters": "ab",
        "shapes": {"embedding.weight": [len(numbers) - 4, 1], "rnn.weight_hh_l0": [4, 1]},
        "numbers": base64.b64encode(numbers.numpy().astype("<f2").tobytes()).decode(),
    }
    visit = Visit(browser, address)
    weights = visit.page.evaluate(
        "(model) => Object.values(window.rnnbook.writer.unpack(model).weights).map((numbers) => [...numbers])", model
    )
    visit.close()
    np.testing.assert_array_equal(np.concatenate(weights), numbers.double().numpy())


# --- sampling --------------------------------------------------------------------------------------------------------


def compare(logic, logits, settings):
    """The page's probabilities are the package's, and exactly the same symbols are left."""
    found = np.array(logic("distribution", [[row, *setting] for setting in settings for row in logits]))
    for setting, rows in zip(settings, found.reshape(len(settings), len(logits), -1), strict=True):
        expected = distribution(torch.tensor(logits, dtype=torch.float64), *setting).numpy()
        np.testing.assert_array_equal(rows > 0, expected > 0, err_msg=str(setting))
        np.testing.assert_allclose(rows, expected, rtol=0, atol=1e-12, err_msg=str(setting))


def test_the_distribution_is_that_of_the_package_for_every_setting(logic):
    """The model's own logits, at places of all kinds."""
    steps = [step for steps in logic("read", [["model", text] for text in KNOWN]) for step in steps[::16]]
    assert len(steps) > 12
    compare(logic, [step["logits"] for step in steps], SETTINGS)


def test_the_distribution_of_logits_that_are_equal_far_apart_or_few(logic):
    rng = np.random.default_rng(0)
    rows = [[0.0] * 8, [1, 2, 2, 1, 2.0, 0, 2, 1], [0, -1000, 700, 700], [1e4, 0, -1e4], [5.0], [-3, -3 + 1e-12, -3]]
    rows += [rng.normal(0, 3, n).round(d).tolist() for n in (2, 5, 65) for d in (0, 1, 9)]
    settings = [(t, k, p) for t, k, p in SETTINGS if t not in (1e-300, 1e300)]
    for row in rows:
        compare(logic, [[float(x) for x in row]], settings[:: 1 if len(row) > 4 else 5])


def test_all_slider_settings_keep_what_the_package_keeps(logic):
    """Top-p in hundredths, temperature in twentieths, each top-k, as the sliders have them."""
    (steps,) = logic("read", [["model", KNOWN[0]]])
    logits = [steps[t]["logits"] for t in (3, 20, -1)]
    settings = [(t / 20, None, None) for t in range(41)] + [(0.8, k, None) for k in range(1, V + 1)]
    settings += [(0.8, None, p / 100) for p in range(101)] + [(1.5, 9, p / 100) for p in range(101)]
    compare(logic, logits, settings)


def draws(browser, address, p, seed, count):
    visit = Visit(browser, address)
    drawn = visit.page.evaluate(
        """([p, seed, count]) => {
          const { generator, draw } = window.rnnbook.writer;
          const random = generator(seed);
          return Array.from({ length: count }, () => draw(Float64Array.from(p), random));
        }""",
        [list(p), seed, count],
    )
    visit.close()
    return drawn


@pytest.mark.parametrize("setting", [(1.0, None, None), (0.8, 12, None), (1.3, None, 0.9)], ids=str)
def test_sampled_frequencies_follow_the_probabilities(browser, address, setting):
    logits, _ = reading(MODEL, VOCABULARY, KNOWN[2])
    p = distribution(logits[-1].double(), *setting).numpy()
    count = 40_000
    drawn = np.bincount(draws(browser, address, p, 0, count), minlength=V)
    assert (drawn[p == 0] == 0).all()
    often = p * count >= 5  # the chi-square approximation asks for it; the rare ones count together
    expected, found = ([*x[often], x[~often].sum()] for x in (p * count, drawn))
    if expected[-1] < 5:
        expected, found = ([*x[:-2], x[-2] + x[-1]] for x in (expected, found))
    assert chisquare(found, expected).pvalue > 0.01


def test_random_numbers_are_even_independent_and_repeat(browser, address):
    visit = Visit(browser, address)
    rows = visit.page.evaluate(
        """(seeds) => seeds.map((seed) => {
          const random = window.rnnbook.writer.generator(seed);
          return Array.from({ length: 20000 }, random);
        })""",
        [0, 0, 1, 999_999],
    )
    visit.close()
    assert rows[0] == rows[1]
    assert rows[0][0] != rows[2][0]
    rows = np.array(rows[1:])
    assert ((rows >= 0) & (rows < 1)).all()
    for row in rows:
        assert chisquare(np.bincount((row * 50).astype(int), minlength=50)).pvalue > 0.001
        pairs = (row[::2] * 8).astype(int) * 8 + (row[1::2] * 8).astype(int)
        assert chisquare(np.bincount(pairs, minlength=64)).pvalue > 0.001
    assert np.abs(np.corrcoef(rows) - np.eye(3)).max() < 0.03
    first = [number for number in rows[:, 0]]
    assert len({*first}) == 3


def test_what_has_no_probability_is_never_drawn(browser, address):
    visit = Visit(browser, address)
    drawn = visit.page.evaluate(
        """() => [[0, 0.5, 0, 0.5, 0], [0, 1, 0], [1], [0, 0.3, 0.3, 0.3, 0]].map((p) =>
          [0, 0.25, 0.4999999999999999, 0.5, 0.75, 0.9999999999999999].map((u) =>
            window.rnnbook.writer.draw(Float64Array.from(p), () => u)))"""
    )
    visit.close()
    assert drawn == [[1, 1, 1, 3, 3, 3], [1] * 6, [0] * 6, [1, 1, 2, 2, 3, 3]]


# --- sentences -------------------------------------------------------------------------------------------------------


def test_a_character_that_the_model_does_not_know_is_named_as_the_package_names_it(logic):
    texts = [
        "Café",
        "é",
        "a\tb",
        "'\u2019'",
        "ok\r\n",
        "1234",
        "x\\y",
        "n\xa0b",
        "😀",
        "a\u200bb",
        "say “so”",
        '"',
        "\x00",
        "\u2028",
    ]
    with_unknown = Vocabulary(VOCABULARY.tokens, specials=["<unk>"])
    model = LanguageModel(len(with_unknown), 2, 2)
    for text, said in zip(texts, logic("complaint", [["model", text] for text in texts]), strict=True):
        with pytest.raises(ValueError, match="at position") as error:
            generate(model, with_unknown, text, max_length=1)
        named = str(error.value).partition(" of the prompt")[0]
        assert said == f"{named}, counted from 0, is not among the {V} characters that the model knows: leave it out."
    assert logic("complaint", [["model", text] for text in (*KNOWN, LONG)]) == [""] * (len(KNOWN) + 1)
    (said,) = logic("complaint", [["model", ""]])
    assert "nothing to go on from" in said
    with pytest.raises(ValueError, match="is empty"):
        generate(MODEL, VOCABULARY, "")


def test_every_unknown_sign_is_spelt_as_python_spells_it(logic):
    codes = [*range(0x3000), *range(0x3000, 0x110000, 211)]
    signs = [chr(code) for code in codes if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    unknown = [sign for sign in signs if sign not in VOCABULARY]
    assert len(unknown) > 5000
    said = logic("complaint", [["model", sign] for sign in unknown])
    assert [each.partition(" at position")[0] for each in said] == [repr(sign) for sign in unknown]


def number(value):
    text = f"{abs(value):.2f}"
    return f"−{text}" if value < 0 and float(text) else text


def share(p):
    return "< 0.001" if 0 < p < 0.0005 else f"{p:.3f}"


def named(character):
    return {"\n": "a line break", " ": "a space"}.get(character, f"“{character}”")


def character_sentence(text, t, unit):
    logits, h, _ = states_of(DOUBLE, VOCABULARY, text)
    head = f"Character {t + 1} of {len(text)}, {named(text[t])}: unit {unit + 1} is {number(h[t, unit].item())}."
    if t == 0:
        return f"{head} The model could not foresee it: nothing stands before."
    k = VOCABULARY.encode(text[t])[0]
    before = logits[t - 1]
    rank = int((before > before[k]).sum()) + 1
    return f"{head} Before, the model gave it probability {share(before.softmax(0)[k].item())}, rank {rank} of {V}."


def text_sentence(text):
    score = evaluate(DOUBLE, VOCABULARY.encode(text))
    loss = f"The model foresees this text with a loss of {score.nats:.2f} nats a character"
    return f"{loss}: perplexity {score.perplexity:.1f}."


def telling_sentence(each):
    return (
        f"Unit {each['unit'] + 1}, “{each['follows']}”: chosen among {H} on text of the training, then measured on the "
        f"validation text. Of a place where it is so and one where it is not, the first has the "
        f"{'higher' if each['higher'] else 'lower'} value in {100 * each['area']:.1f} % of all pairs; "
        "50 % would be guessing."
    )


def test_sentences_say_what_the_numbers_say(logic, browser, address):
    visit = Visit(browser, address)
    found = visit.page.evaluate(
        """async ([texts, unit, telling]) => {
          while (!window.rnnbook.writerModel) await new Promise(requestAnimationFrame);
          const { unpack, read, sayCharacter, sayText, sayTelling } = window.rnnbook.writer;
          const model = unpack(window.rnnbook.writerModel);
          return [
            texts.map((text) => read(model, text)).map((steps) =>
              [sayText(steps), steps.map((_, t) => sayCharacter(model, steps, t, unit))]),
            telling.map((each) => sayTelling(model, each)),
          ];
        }""",
        [[*KNOWN[:3], "a"], 5, TELLING],
    )
    visit.close()
    for text, (whole, characters) in zip(KNOWN[:3], found[0], strict=False):
        assert whole == text_sentence(text)
        for t in range(0, len(text), 5):
            assert characters[t] == character_sentence(text, t, 5)
    assert found[0][3][0] == "", "one character is not foreseen"
    assert found[1] == [telling_sentence(each) for each in TELLING]


def test_units_are_named_only_where_they_tell_something():
    assert len({each["follows"] for each in TELLING}) == len(TELLING) >= 3
    assert all(each["area"] > 0.8 and 0 <= each["unit"] < H for each in TELLING)


# --- the page --------------------------------------------------------------------------------------------------------


def field(page):
    return page.locator(".writer textarea")


def press(page, name):
    page.locator(f".writer-buttons [name={name}]").click(force=True)  # also one that is marked as doing nothing


def set_slider(page, name, value):
    page.locator(f".writer [name={name}]").fill(str(value))


def said(page):
    return page.locator(".writer-said").inner_text()


def rows(page):
    return page.evaluate(
        """() => [...document.querySelectorAll(".writer-next tbody tr")].map((row) => {
          const [sign, bar, model, drawn] = [...row.cells];
          const { style } = bar.firstChild;
          return [sign.textContent, Number(style.getPropertyValue("--own")), Number(style.getPropertyValue("--drawn")),
            model.textContent, drawn.textContent, row.className];
        })"""
    )


def shown_text(page):
    return page.locator(".writer-view").text_content().replace("↵\n", "\n")


def check_page(page, setting):
    """All that is drawn belongs to the text in the field and to the setting."""
    text = field(page).input_value()
    assert shown_text(page) == text
    logits = states_of(DOUBLE, VOCABULARY, text)[0][-1]
    own, drawn = distribution(logits).numpy(), distribution(logits, *setting).numpy()
    order = np.argsort(-own, kind="stable")
    found = rows(page)
    assert len(found) == 12
    for (sign, own_bar, drawn_bar, model, with_, kind), k in zip(found, order, strict=False):
        assert sign == {"\n": "↵", " ": "␣"}.get(VOCABULARY.tokens[k], VOCABULARY.tokens[k])
        assert own_bar == pytest.approx(own[k], abs=1e-6)
        assert drawn_bar == pytest.approx(drawn[k], abs=1e-6)
        assert model == share(own[k])
        assert (with_, kind) == ((share(drawn[k]), "") if drawn[k] > 0 else ("left out", "left-out"))
    rest = order[12:]
    left = int((drawn[rest] > 0).sum())
    end = f"{share(drawn[rest].sum())} drawn with" + (
        f"; {len(rest) - left} of them are left out." if left < len(rest) else "."
    )
    others = page.locator(".writer-others").inner_text()
    assert (
        others
        == f"{len(rest)} others: together {share(own[rest].sum())} by the model, {end if left else 'all left out.'}"
    )
    assert page.locator(".writer-foreseen").inner_text() == (text_sentence(text) if len(text) > 1 else "")


def test_it_starts_with_the_first_beginning(visit):
    page = visit()
    assert field(page).input_value() == next(iter(BEGINNINGS.values()))
    check_page(page, (0.8, None, None))
    assert page.locator(".writer output").all_inner_texts() == ["0.80", "all", "all"]
    assert page.locator(".writer-measured").inner_text() == telling_sentence(TELLING[0])
    last = len(field(page).input_value()) - 1
    assert page.locator(".writer-detail").inner_text() == character_sentence(KNOWN[0], last, TELLING[0]["unit"])


@pytest.mark.parametrize("name", [name for name, text in BEGINNINGS.items() if text in KNOWN])
def test_a_beginning_is_taken_at_once(visit, name):
    page = visit()
    page.get_by_role("button", name=name, exact=True).click()
    assert field(page).input_value() == BEGINNINGS[name]
    check_page(page, (0.8, None, None))


def test_sliders_act_on_the_numbers_at_once(visit):
    page = visit()
    for temperature, k, p in [(0.8, V, 0.9), (0, V, 1), (1.4, 5, 1), (2, 20, 0.7), (0.4, V, 0), (1, 1, 1), (1, V, 1)]:
        set_slider(page, "temperature", temperature)
        set_slider(page, "topK", k)
        set_slider(page, "topP", p)
        check_page(page, (temperature, None if k == V else k, None if p == 1 else p))
        texts = ["0, greedy" if temperature == 0 else f"{temperature:.2f}", "all" if k == V else str(k)]
        texts.append("all" if p == 1 else f"{p:.2f}")
        assert page.locator(".writer output").all_inner_texts() == texts
        values = [
            page.locator(f"[name={name}]").get_attribute("aria-valuetext") for name in ("temperature", "topK", "topP")
        ]
        assert values == texts


def test_what_is_left_out_is_seen_as_such(visit):
    page = visit()
    looks = """() => [...document.querySelectorAll(".writer-next tbody tr")].map((row) => {
      const bar = row.querySelector(".writer-bar");
      const [full, outline] = ["::before", "::after"].map((part) => getComputedStyle(bar, part));
      const [one, other] = [full, outline].map(({ width }) => parseFloat(width));
      return [one, other, outline.borderStyle, outline.backgroundImage !== "none"];
    })"""
    set_slider(page, "topK", 3)
    width = page.locator(".writer-bar").first.bounding_box()["width"]
    for rank, ((_, own, drawn, *_), (full, outline, border, hatched)) in enumerate(
        zip(rows(page), page.evaluate(looks), strict=True)
    ):
        assert full == pytest.approx(drawn * width, abs=1)
        assert outline == pytest.approx(max(own * width, 1), abs=1.1)
        assert (border, hatched) == (("solid", False) if rank < 3 else ("dashed", True))
        assert (full == 0) == (rank >= 3)


def test_one_character_at_a_time_is_drawn_from_the_seed(visit, logic):
    page = visit()
    set_slider(page, "topP", 0.9)
    texts = []
    for seed in (7, 7, 8):
        page.locator("[name=seed]").fill(str(seed))
        press(page, "anew")
        assert field(page).input_value() == KNOWN[0]
        for _ in range(12):
            before = field(page).input_value()
            p = distribution(states_of(DOUBLE, VOCABULARY, before)[0][-1], 0.8, None, 0.9)
            press(page, "one")
            after = field(page).input_value()
            assert after[:-1] == before
            k = VOCABULARY.encode(after[-1])[0]
            assert p[k] > 0
            assert said(page) == f"Written: {named(after[-1])}, drawn with probability {share(p[k].item())}."
        check_page(page, (0.8, None, 0.9))
        texts.append(field(page).input_value())
    assert texts[0] == texts[1] != texts[2]


def test_greedy_writes_what_the_package_writes(visit):
    page = visit()
    set_slider(page, "temperature", 0)
    for text in KNOWN[1:4]:
        field(page).fill(text)
        for _ in range(30):
            press(page, "one")
        assert field(page).input_value() == generate(DOUBLE, VOCABULARY, text, max_length=30, temperature=0)


def timed(browser, address):
    """A page whose clock stands still until it is told to go."""
    seen = Visit(browser, "about:blank")
    seen.page.clock.install(time=datetime(2026, 1, 1))
    seen.page.goto(address)
    field(seen.page).wait_for()
    seen.page.clock.pause_at(datetime(2026, 1, 2))
    return seen


@pytest.mark.parametrize(("motion", "characters", "pause"), [("no-preference", 1, 50), ("reduce", 60, 1500)])
def test_it_writes_on_until_it_is_stopped(browser, address, motion, characters, pause):
    seen = timed(browser, address)
    page = seen.page
    page.emulate_media(reduced_motion=motion)
    begun = len(KNOWN[0])
    state = """() => [...document.querySelectorAll(".writer-buttons button")].map((button) =>
      button.getAttribute("aria-disabled"))"""
    assert page.evaluate(state) == ["false", "false", "true", None]
    press(page, "on")
    press(page, "on")
    assert page.evaluate(state) == ["false", "true", "false", None]
    assert page.locator(".writer-said").get_attribute("aria-live") == "off"
    page.clock.run_for(4 * pause)
    assert len(field(page).input_value()) == begun + 5 * characters
    press(page, "stop")
    assert page.locator(".writer-said").get_attribute("aria-live") is None
    assert said(page) == f"{5 * characters} characters written."
    page.clock.run_for(4 * pause)
    assert len(field(page).input_value()) == begun + 5 * characters
    check_page(page, (0.8, None, None))
    press(page, "on")
    field(page).press_sequentially("!")
    page.clock.run_for(4 * pause)
    assert field(page).input_value().endswith("!"), "who types stops it"
    assert page.evaluate(state) == ["false", "false", "true", None]
    written = field(page).input_value()
    press(page, "on")
    press(page, "anew")
    assert field(page).input_value() == written
    assert (seen.errors, seen.foreign) == ([], [])
    seen.close()


def test_writing_on_and_one_by_one_are_the_same_text(browser, address):
    seen = timed(browser, address)
    page = seen.page
    press(page, "on")
    together = field(page).input_value()
    press(page, "anew")
    for _ in range(60):
        press(page, "one")
    assert field(page).input_value() == together != KNOWN[0]
    seen.close()


def test_it_ends_where_the_field_is_full(browser, address):
    seen = timed(browser, address)
    page = seen.page
    assert page.locator(".writer textarea").get_attribute("maxlength") == "2000"
    field(page).fill(LONG[:1990])
    press(page, "on")
    assert len(field(page).input_value()) == 2000
    assert said(page) == "10 characters written. The field is full with 2,000 characters: start anew, or delete some."
    press(page, "one")
    assert len(field(page).input_value()) == 2000
    assert said(page) == "The field is full with 2,000 characters: start anew, or delete some."
    assert seen.errors == []
    seen.close()


def test_a_text_that_it_cannot_read_is_told_and_nothing_is_drawn(visit, logic):
    page = visit()
    for text in ("Café", "", BEGINNINGS["An unknown letter"]):
        field(page).fill(text)
        assert [said(page)] == logic("complaint", [["model", text]])
        assert page.locator(".writer-next").is_hidden()
        assert page.locator(".writer-view").is_hidden()
        assert field(page).get_attribute("aria-invalid") == "true"
        set_slider(page, "temperature", 1)
        for name in ("one", "on"):
            press(page, name)
        assert field(page).input_value() == text
        assert [said(page)] == logic("complaint", [["model", text]])
    field(page).fill("Cafe")
    assert said(page) == ""
    assert field(page).get_attribute("aria-invalid") == "false"
    check_page(page, (1, None, None))


def test_what_is_typed_stays_text(visit):
    page = visit()
    field(page).fill("A & B; &lt;b; &amp;")
    assert shown_text(page) == "A & B; &lt;b; &amp;"
    field(page).fill('</textarea><b onclick="window.hurt = 1">')
    assert "'<' at position 0" in said(page)
    assert page.locator(".writer b").count() == 0


def colours(page):
    return page.evaluate(
        """() => [...document.querySelectorAll(".writer-view span")].map((span) =>
          getComputedStyle(span).backgroundColor.match(/[\\d.e-]+/g).map(Number))"""
    )


def check_colours(page, unit):
    h = states_of(DOUBLE, VOCABULARY, field(page).input_value())[1][:, unit].numpy()
    found = colours(page)
    assert len(found) == len(h)
    for colour, value in zip(found, h, strict=True):
        assert colour[3] == pytest.approx(abs(value) / 2, abs=0.005)
        if abs(value) > 0.05:
            assert colour[:3] == ([37, 99, 245] if value > 0 else [232, 108, 0])


def test_characters_have_the_colour_of_the_chosen_unit(visit):
    page = visit()
    check_colours(page, TELLING[0]["unit"])
    page.locator("[name=unit]").select_option(index=17)
    check_colours(page, 17)
    for _ in range(3):
        press(page, "one")
    check_colours(page, 17)
    for each in TELLING:
        button = page.locator(f'[data-unit="{each["unit"]}"]', has_text=each["follows"])
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert telling_sentence(each) in page.locator(".writer-measured").inner_text()
        assert page.locator("[name=unit]").input_value() == str(each["unit"])
        check_colours(page, each["unit"])
    silent = next(k for k in range(H) if k not in {each["unit"] for each in TELLING})
    page.locator("[name=unit]").select_option(index=silent)
    assert page.locator(".writer-measured").inner_text() == (
        f"Unit {silent + 1} is not the most telling one for any of these."
    )
    assert page.locator("[aria-pressed=true]").count() == 0


def test_hover_and_keys_tell_the_numbers_of_a_character(visit):
    page = visit()
    text, unit = KNOWN[0], TELLING[0]["unit"]
    view = page.locator(".writer-view")

    def check_place(t):
        sentence = character_sentence(text, t, unit)
        assert page.locator(".writer-detail").inner_text() == sentence
        assert view.get_attribute("aria-valuetext") == sentence
        assert (view.get_attribute("aria-valuenow"), view.get_attribute("aria-valuemax")) == (
            str(t + 1),
            str(len(text)),
        )
        (chosen,) = page.locator(".writer-view .chosen").all()
        assert chosen.get_attribute("data-t") == str(t)

    for t in (0, 9, 40):
        page.locator(f'.writer-view [data-t="{t}"]').hover(position={"x": 2, "y": 5})
        check_place(t)
    view.focus()
    last, t = len(text) - 1, 40
    for key, to in [("ArrowRight", 41), ("ArrowLeft", 40), ("PageDown", 60), ("PageUp", 40), ("End", last),
                    ("ArrowRight", last), ("PageUp", last - 20), ("Home", 0), ("ArrowLeft", 0)]:  # fmt: skip
        page.keyboard.press(key)
        check_place(to)
    page.keyboard.press("a")
    check_place(0)
    page.locator("[name=unit]").select_option(index=3)
    assert page.locator(".writer-detail").inner_text() == character_sentence(text, 0, 3)


def test_what_the_reader_has_begun_is_marked(visit):
    page = visit()
    begun = (
        """() => [...document.querySelectorAll(".writer-view span")].map((span) => span.classList.contains("begun"))"""
    )
    for _ in range(4):
        press(page, "one")
    n = len(KNOWN[0])
    assert page.evaluate(begun) == [True] * n + [False] * 4
    line = page.evaluate(
        """() => [...document.querySelectorAll(".writer-view span")].map((span) =>
          getComputedStyle(span).textDecorationStyle + getComputedStyle(span).textDecorationLine)"""
    )
    assert {*line[:n]} == {"dottedunderline"}
    assert {*line[n:]} == {"solidnone"}
    field(page).press_sequentially("a")
    assert page.evaluate(begun) == [True] * (n + 5)
    press(page, "one")
    press(page, "anew")
    assert page.evaluate(begun) == [True] * (n + 5)


def test_a_seed_that_is_none_is_0(visit):
    page = visit()
    texts = []
    for seed in ("0", "", "-3", "1.5"):
        page.locator("[name=seed]").fill(seed)
        press(page, "anew")
        for _ in range(8):
            press(page, "one")
        texts.append(field(page).input_value())
    assert len({*texts}) == 1


def test_all_characters_in_numbers(visit):
    page = visit()
    cells = """() => [...document.querySelectorAll(".writer-scroll tbody tr")].map((row) =>
      [...row.cells].map((cell) => cell.textContent))"""
    assert page.evaluate(cells) == []
    page.locator("summary").click()
    page.locator(".writer-scroll td").first.wait_for()
    set_slider(page, "topK", 20)
    press(page, "one")
    logits = states_of(DOUBLE, VOCABULARY, field(page).input_value())[0][-1]
    own, drawn = distribution(logits), distribution(logits, 0.8, 20)
    body = page.evaluate(cells)
    assert len(body) == V
    for row, k in zip(body, np.argsort(-logits.numpy(), kind="stable"), strict=True):
        shown = {"\n": "↵", " ": "␣"}.get(VOCABULARY.tokens[k], VOCABULARY.tokens[k])
        drawn_with = share(drawn[k].item()) if drawn[k] > 0 else "left out"
        assert row == [shown, number(logits[k].item()), share(own[k].item()), drawn_with]


def test_the_writer_by_keyboard(visit):
    page = visit()
    field(page).focus()
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            "[document.activeElement.name || document.activeElement.className || document.activeElement.textContent, "
            "getComputedStyle(document.activeElement).outlineStyle]"
        )
        seen.append(name)
        assert outline in ("solid", "auto"), f"what has the focus is to be seen: {name}"
        if name == "writer-view":
            break
    expected = [
        *BEGINNINGS,
        "temperature",
        "topK",
        "topP",
        "seed",
        "one",
        "on",
        "stop",
        "anew",
        "All characters, in numbers",
    ]
    assert seen == [*expected, "unit", *(each["follows"] for each in TELLING), "writer-view"]
    page.locator("[name=temperature]").focus()
    page.keyboard.press("ArrowRight")
    check_page(page, (0.85, None, None))
    page.locator("[name=one]").focus()
    page.keyboard.press("Enter")
    assert len(field(page).input_value()) == len(KNOWN[0]) + 1


def test_a_long_text_keeps_the_chosen_character_in_sight(visit):
    page = visit()
    field(page).fill(LONG[:800])
    view = page.locator(".writer-view")
    view.focus()
    for key in ("Home", "End", "PageUp"):
        page.keyboard.press(key)
        frame, place = view.bounding_box(), page.locator(".writer-view .chosen").bounding_box()
        assert frame["y"] <= place["y"] + 1
        assert place["y"] + place["height"] <= frame["y"] + frame["height"] + 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_axe_finds_no_barrier_and_nothing_sticks_out(visit, size, scheme):
    page = visit(size=size, scheme=scheme)
    page.locator("summary").click()
    set_slider(page, "topK", 3)
    for text in (KNOWN[0], "é", "w" * 300, LONG[:700]):
        field(page).fill(text)
        assert_no_barrier(page)
        assert_nothing_sticks_out(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_characters_stand_out_from_their_shade(visit, scheme):
    page = visit(scheme=scheme)
    ink, ground, *shades = page.evaluate(
        """() => {
          const span = document.querySelector(".writer-view span");
          const paint = (...fills) => {
            const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
            for (const fill of fills) { context.fillStyle = fill; context.fillRect(0, 0, 1, 1); }
            return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
          };
          const page = getComputedStyle(document.body).backgroundColor;
          const shades = ["rgba(37, 99, 245, 0.5)", "rgba(232, 108, 0, 0.5)"].map((shade) => paint(page, shade));
          return [paint(getComputedStyle(span).color), paint(page), ...shades];
        }"""
    )
    assert all(contrast(ink, shade) >= 4.5 for shade in shades)
    assert contrast([37, 99, 245], ground) >= 3
