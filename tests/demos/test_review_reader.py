"""The review reader in headless Chromium: it splits texts as `rnnbook.text` does, and its numbers are torch's."""

import base64
import gzip
import hashlib
import html
import itertools
import json
import re
import sys
import unicodedata
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import Visit, assert_no_barrier, assert_nothing_sticks_out, contrast

from rnnbook.data import load_reviews, load_tweets
from rnnbook.demos import load, review_reader
from rnnbook.demos.review_reader import EXAMPLES, SHIPPED, export, reading
from rnnbook.models import Predictor, SequenceClassifier
from rnnbook.text import Vocabulary, characters, words

DEMO = load("review_reader")
READY = ".review-reader textarea"
SCRIPT = Path(__file__).parents[2] / "assets" / review_reader.SCRIPT
PREDICTOR = review_reader.shipped()
NATURAL = [text for reviews in (*load_reviews(), load_tweets()) for text in reviews.texts]
LONG = " ".join(NATURAL[:40])
ODD = [
    "", " \n\t ", ".", "I didn't like it<br />&quot;at all&quot;... 2/10 :(", "\ud800 lone", "\x00 \x01 \x7f",
    "DON'T won't n't cannot can't've ain't. don\u2019t isn\u02bct can`t N'T n'tx n't\u0301",
    "It's she's I'm they've we'll you'd rock'n'roll o'clock 'tis James' '90s 's d'être it'\u017f 'LL 'Re",
    "“Curly” ‘quotes’ – and — dashes… \x91quoted\x92 \x93x\x94 \x96 \x97 `backticks` and ``more``",
    "caf\u00e9 cafe\u0301 na\u00efve \u1e96 H\u0331 \u0130stanbul \u039f\u0394\u039f\u03a3 \ufb01lm \u212b \u212a",
    "7/10 3.5 1,000 10:30 1.2.3 9.9.1999 1/2/3. 5. .5 ½ ² ٣.٥", "not-so-good well--known ---- - --- -",
    "Wow!!!!!! really?!?!? no..... **** ****** snake_case _x_ __ a_b ___",
    ":) ;-) :'( =] >:( :/ :* :D ;P :-o grade:D :d) (: (-: <3 </3 <33 <3d ^_^ -_- >_< >.< o_O O__o o_ob",
    'see https://example.org/a?b=c&d=1, www.example.org. http:// www. <a href="https://x.y/z">',
    "a<br>b<BR/>c< br>d<br   / >e<br />&#60;br&#62; &lt;br/&gt; <br\u2003/>",
    "&amp; &lt;b&gt; &amp;lt; &AMP &ampere; &notit; &notin; &copy2020 &eacute;t&eacute; &Eacute; &nbsp; &hellip;",
    "&mdash; &frac12; &x; &; & &nope; &lt &#38;#38; &AMP;amp; &#x1F600; &#x; &#; &#160; &#39; &#x27; &#X27;",
    "&#8217; &#8217 &#150; &#x80; &#128512; &#0; &#55296; &#1114112; &#12345678; &#123456789012;",
    "soft\u00adhyphen zero\u200bwidth \ufeffbom join\u200der \u200c",
    "😀 👍🏽 👨‍👩‍👧 🏴󠁧󠁢󠁷󠁬󠁳󠁿 🇬🇧🇫🇷🇩 ❤️ ☺️ ©️ 1️⃣ ✈︎", "фильм не плохой Ёё",
    "यह फ़िल्म अच्छी है", "这部电影很好看", "映画が", "ภาพยนตร์", "فيلم رائع",
    "tab\tand\nnewline\r\nand\x0bvertical\x0cfeed\x1cfs\x1dgs\x1ers\x1fus\x85nel\u2028ls\u2029ps\u3000id\xa0nb",
    "<unk> <pad> </textarea><script>alert(1)</script> <img src=x onerror=alert(1)>",
    "constructor __proto__ toString hasOwnProperty",
]  # fmt: skip
SIGNS = [
    *"aDnoOspST013'’.,:;/=()[]|\\*<>^_-!?&#x` \n\u0301\u200d\u200c\ufe0fé½ॐा♂",
    "n't", "'s", "don't", "br", "<br />", "://", "http", "https://a", "www.", "&amp;", "&#39;", "&lt", "🇬", "🏽", "😀",
]  # fmt: skip


def random_texts(count, seed=0):
    """Signs that the pattern has something to say about, in disorder."""
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(SIGNS, rng.integers(1, 25))) for _ in range(count)]


@pytest.fixture(scope="module")
def logic(browser, address):
    """Calls a function of window.rnnbook.reader for each of a list of arguments; "model" stands for the page's own."""
    visit = Visit(browser, address)
    visit.page.evaluate(
        """async () => {
          while (!window.rnnbook.readerModel) await new Promise(requestAnimationFrame);
          window.models = { model: window.rnnbook.reader.unpack(window.rnnbook.readerModel) };
        }"""
    )
    yield lambda name, calls: visit.page.evaluate(
        """([name, calls]) => calls.map((call) =>
          window.rnnbook.reader[name](...call.map((each) => window.models[each] ?? each)))""",
        [name, calls],
    )
    visit.close()


@pytest.fixture(scope="module")
def other(browser, address):
    """What another model makes of texts, read from what `export` makes of it."""
    visit = Visit(browser, address)
    yield lambda model, texts: visit.page.evaluate(
        """([model, texts]) => {
          const { unpack, review } = window.rnnbook.reader;
          const unpacked = unpack(model);
          return texts.map((text) => review(unpacked, text));
        }""",
        [export(model), texts],
    )
    visit.close()


# --- what the page carries -------------------------------------------------------------------------------------------


def test_the_script_holds_every_weight_exactly_and_every_word():
    remedy = f"`python -m rnnbook.demos.review_reader > assets/{SCRIPT.name}` writes it again"
    text = SCRIPT.read_text(encoding="utf-8")
    assert text == review_reader.script(PREDICTOR), remedy
    model = json.loads(text.removeprefix("window.rnnbook.readerModel = ").removesuffix(";\n"))
    numbers = torch.from_numpy(np.frombuffer(base64.b64decode(model["numbers"]), "<f2").astype(np.float32))
    weights = PREDICTOR.model.state_dict()
    assert list(model["shapes"]) == list(weights)
    sizes = [tensor.numel() for tensor in weights.values()]
    for piece, (name, tensor) in zip(numbers.split(sizes), weights.items(), strict=True):
        assert torch.equal(piece.view(model["shapes"][name]), tensor), name
    assert base64.b64decode(model["vocabulary"]).decode().split(" ") == PREDICTOR.vocabulary.tokens
    assert model["labels"] == list(PREDICTOR.labels)
    assert model["keep"] == [200, 200]


def test_the_page_carries_the_examples_and_names_the_script():
    version = hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:8]
    assert DEMO.data["model"] == f"{SCRIPT.name}?v={version}"
    assert [(example["name"], example["text"]) for example in DEMO.data["examples"]] == list(EXAMPLES.items())


def test_what_it_costs_to_look_at_is_small():
    added = DEMO._repr_html_().encode()
    assert len(added) < 60_000
    assert len(gzip.compress(added)) < 20_000
    assert len(gzip.compress(SCRIPT.read_bytes())) < 200_000, "sent to those who come to the demo"


def make_predictor(seed=0, D=3, H=5, longest=12, keep_end=None, tokenize=words, vocabulary=(), halved=True, **settings):
    torch.manual_seed(seed)
    vocabulary = Vocabulary(vocabulary or [*"abcdefgh", "n't", "film", "."])
    arguments = {"classes": 1, "cell": "lstm", "pooling": "attention"} | settings
    model = SequenceClassifier(len(vocabulary), embedding_size=D, hidden_size=H, **arguments).eval()
    for parameter in model.parameters():
        parameter.data = (parameter.data * 3).half().float() if halved else parameter.data
    labels = ("bad", "good", "neither")[: max(2, arguments["classes"])]
    return Predictor(model, vocabulary, tokenize, labels, longest, keep_end)


@pytest.mark.parametrize(
    "settings",
    [
        {"cell": "gru"}, {"num_layers": 2}, {"bidirectional": True}, {"pooling": "max"}, {"classes": 3},
        {"tokenize": characters},
    ],
    ids=lambda settings: next(iter(settings)),
)  # fmt: skip
def test_refuses_a_model_that_the_script_cannot_run(settings):
    with pytest.raises(ValueError, match="the review reader runs a model of words with"):
        export(make_predictor(**settings))


def test_refuses_a_model_that_reads_without_end():
    with pytest.raises(ValueError, match="give the predictor a longest"):
        export(make_predictor(longest=None))


def test_refuses_weights_that_would_lose_something():
    with pytest.raises(ValueError, match="16 bits do not hold exactly"):
        export(make_predictor(halved=False))


def test_the_reference_is_the_model_on_each_prefix():
    tokens = words(EXAMPLES["Contrast"])
    probabilities, weights, states = reading(PREDICTOR, tokens)
    for t, probability in enumerate(probabilities.tolist(), 1):
        (said,) = PREDICTOR.predict([" ".join(tokens[:t])])
        assert said.probabilities["positive"] == pytest.approx(probability, abs=1e-6)
    assert states.shape == (len(tokens), 24)
    assert weights.sum().item() == pytest.approx(1, abs=1e-6)


def test_the_figure_says_what_torch_says():
    alt = DEMO.figure.alt
    tokens = words(EXAMPLES["Contrast"])
    probabilities, weights, states = reading(PREDICTOR, tokens)
    said = re.search(r"after each word: (.*)\. The attention", alt)[1]
    assert said == ", ".join(f"“{token}” {p:.2f}" for token, p in zip(tokens, probabilities.tolist(), strict=True))
    top = ", ".join(f"“{tokens[t]}”" for t in weights.argsort(descending=True)[:3])
    assert f"largest at {top}." in alt
    assert f"most when “{tokens[1 + int(states.diff(dim=0).abs().sum(dim=1).argmax())]}” is read" in alt
    assert all(f">{html.escape(token)}</text>" in DEMO.figure.svg for token in tokens)


def test_the_model_is_the_one_that_ships(monkeypatch):
    asked = []
    monkeypatch.setattr(Predictor, "load", lambda path: asked.append(path) or PREDICTOR)
    assert review_reader.make().data == DEMO.data
    assert asked == [SHIPPED / "imdb-reader"]


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("texts", [NATURAL, ODD, random_texts(4000), [LONG]], ids=["natural", "odd", "random", "long"])
def test_words_are_those_of_the_package(logic, texts):
    if texts is NATURAL:
        assert len(texts) == 540
    for text, found in zip(texts, logic("words", [[text] for text in texts]), strict=True):
        assert found == words(text), repr(text)


def test_every_sign_is_read_as_in_python(logic):
    """Each character alone, between letters and digits, and after an emoji. Those that Python's Unicode does not know
    are left out, and of the large scripts, whose signs are alike, most are."""
    whole = [(0, 0x3400), (0xA600, 0xAC00), (0xFB00, 0x10000), (0x11000, 0x11100), (0x1F000, 0x1FB00)]
    codes = [*itertools.chain(*(range(*ends) for ends in whole)), *range(0x3400, sys.maxunicode + 1, 97)]
    signs = [chr(code) for code in dict.fromkeys(codes) if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")]
    texts = [f"{c} a{c}b 1{c}2 😀{c} 3.{c}{c}" for c in signs]
    assert len(texts) > 10_000
    for text, found in zip(texts, logic("words", [[text] for text in texts]), strict=True):
        assert found == words(text), ascii(text)


# --- numbers ---------------------------------------------------------------------------------------------------------


def expected_reading(predictor, text):
    """What the predictor reads of a text, with the numbers of torch, and how many tokens it leaves out."""
    tokens = words(text)
    longest = predictor.longest
    keep_end = longest // 2 if predictor.keep_end is None else predictor.keep_end
    omitted = max(0, len(tokens) - longest)
    read = tokens if not omitted else tokens[: longest - keep_end] + tokens[len(tokens) - keep_end :]
    return omitted, read or [""], reading(predictor, read or ["<unk>"])


def check(predictor, text, outcome):
    omitted, tokens, (probabilities, weights, states) = expected_reading(predictor, text)
    assert outcome["omitted"] == omitted
    found = {key: [step[key] for step in outcome["tokens"]] for key in outcome["tokens"][0]}
    assert found["token"] == tokens
    assert found["known"] == [token in predictor.vocabulary for token in tokens]
    for key, values in (("probability", probabilities), ("weight", weights), ("state", states)):
        np.testing.assert_allclose(found[key], values.numpy(), rtol=0, atol=1e-5, err_msg=f"{key} of {text!r}")
    assert sum(found["weight"]) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "texts", [NATURAL, ODD, [LONG, LONG[:2500], *EXAMPLES.values()]], ids=["natural", "odd", "long"]
)
def test_numbers_are_those_of_torch(logic, texts):
    outcomes = logic("review", [["model", text] for text in texts])
    predictions = PREDICTOR.predict(texts)
    for text, outcome, predicted in zip(texts, outcomes, predictions, strict=True):
        check(PREDICTOR, text, outcome)
        probability = outcome["tokens"][-1]["probability"]
        assert probability == pytest.approx(predicted.probabilities["positive"], abs=1e-5)
        assert len(words(text)) == predicted.tokens
        if outcome["omitted"] == 0 and text.strip():
            assert sum(step["known"] for step in outcome["tokens"]) == predicted.known


@pytest.mark.parametrize(
    "options",
    [{}, {"seed": 1, "D": 7, "H": 2}, {"D": 1, "H": 1, "longest": 1}, {"longest": 5, "keep_end": 4},
     {"longest": 6, "keep_end": 0}, {"longest": 7}],
    ids=str,
)  # fmt: skip
def test_any_model_of_this_kind_is_read_so(other, options):
    predictor = make_predictor(**options)
    rng = np.random.default_rng(0)
    texts = ["", "zzz", *(" ".join(rng.choice([*"abcdefghxyz", "don't", "film."], n)) for n in range(1, 20))]
    for text, outcome in zip(texts, other(predictor, texts), strict=True):
        check(predictor, text, outcome)
        (predicted,) = predictor.predict([text])
        assert outcome["tokens"][-1]["probability"] == pytest.approx(predicted.probabilities["good"], abs=1e-5)


def test_every_number_of_16_bits_is_read(browser, address):
    bits = torch.arange(2**16).sub(2**15).to(torch.int16).view(torch.float16)
    numbers = bits[bits.isfinite()]  # subnormal ones among them, and both zeros
    model = {
        "vocabulary": "",
        "shapes": {"embedding.weight": [len(numbers) - 4, 1], "rnn.weight_hh_l0": [4, 1]},
        "numbers": base64.b64encode(numbers.numpy().astype("<f2").tobytes()).decode(),
    }
    visit = Visit(browser, address)
    weights = visit.page.evaluate(
        """(model) => Object.values(window.rnnbook.reader.unpack(model).weights).map((numbers) => [...numbers])""",
        model,
    )
    visit.close()
    np.testing.assert_array_equal(np.concatenate(weights), numbers.double().numpy())
    assert len(weights[1]) == 4


# --- sentences -------------------------------------------------------------------------------------------------------


def number(value):
    text = f"{abs(value):.2f}"
    return f"−{text}" if value < 0 and float(text) else text


def quote(token):
    return f"“{token}”" if token else "nothing"


def verdict(probability):
    label = "positive" if probability > 0.5 else "negative"
    return f"{label} with probability {number(max(probability, 1 - probability))}"


def largest_step(tokens):
    steps = [0, *(abs(b["probability"] - a["probability"]) for a, b in itertools.pairwise(tokens))]
    return int(np.argmax(steps))


def all_sentences(outcome):
    tokens, omitted = outcome["tokens"], outcome["omitted"]
    end = verdict(tokens[-1]["probability"])
    if tokens[0]["token"] == "":
        return [f"Nothing to read: the network is given one unknown word, and guesses {end}."]
    total = len(tokens) + omitted
    length = f"{total} token{'s' * (total != 1)}"
    length += f", of which the {omitted} in the middle are left out" if omitted else ""
    unknown = sum(not step["known"] for step in tokens)
    unread = {0: "all known", len(tokens): "none of them known: it guesses"}.get(unknown, f"{unknown} unknown")
    t = largest_step(tokens)
    jump = [
        f"The largest step comes with {quote(tokens[t]['token'])}, token {t + 1}: the probability of “positive” goes "
        f"from {number(tokens[t - 1]['probability'])} to {number(tokens[t]['probability'])}."
    ]
    top = sorted(tokens, key=lambda step: -step["weight"])[:3]
    attention = ", ".join(f"{quote(step['token'])} {100 * step['weight']:.1f} %" for step in top)
    return [f"The network says: {end}.", f"{length}, {unread}.", *jump * (t > 0), f"Most attention: {attention}."]


def token_sentences(outcome, t):
    tokens = outcome["tokens"]
    step, before = tokens[t], tokens[t - 1] if t else None
    old, new = np.array(before["state"] if t else np.zeros(24)), np.array(step["state"])
    top = (-np.abs(new - old)).argsort(kind="stable")[:3]
    rank = sum(other["weight"] > step["weight"] for other in tokens) + 1
    return [
        f"Token {t + 1} of {len(tokens)}, {quote(step['token'])}{'' if step['known'] else ', unknown'}: "
        f"if the review ended here, {verdict(step['probability'])}.",
        f"Probability of “positive” {number(before['probability']) + ' before it, ' if t else ''}"
        f"{number(step['probability'])} after it. Attention in the whole review {100 * step['weight']:.1f} %, "
        f"rank {rank} of {len(tokens)}.",
        "Units whose state changes most: "
        + ", ".join(f"{k + 1} ({number(old[k])} to {number(new[k])})" for k in top)
        + ".",
    ]


SAID = [*EXAMPLES.values(), "Zorblax!", "zorblax", "good", LONG, *NATURAL[::40]]


@pytest.fixture(scope="module")
def outcomes(logic):
    return logic("review", [["model", text] for text in SAID])


def test_sentences_say_what_the_numbers_say(logic, outcomes):
    assert logic("sayAll", [["model", outcome] for outcome in outcomes]) == [all_sentences(each) for each in outcomes]
    calls = [(outcome, t) for outcome in outcomes for t in range(len(outcome["tokens"]))]
    assert logic("sayToken", [["model", *call] for call in calls]) == [token_sentences(*call) for call in calls]


def test_the_examples_show_what_they_are_named_for(outcomes):
    reviews = dict(zip(EXAMPLES, outcomes, strict=False))
    assert [step["token"] for step in reviews["Nothing"]["tokens"]] == [""]
    assert sum(not step["known"] for step in reviews["Unknown words"]["tokens"]) >= 3
    contrast = [step["probability"] > 0.5 for step in reviews["Contrast"]["tokens"]]
    assert len({*contrast}) == 2, "the verdict changes on the way"
    tokens = reviews["A mark"]["tokens"]
    assert max(tokens, key=lambda step: step["weight"])["token"] == "3/10"
    assert {"not", "never"} <= {step["token"] for step in reviews["Negation"]["tokens"]}


# --- the page --------------------------------------------------------------------------------------------------------


def field(page):
    return page.locator(".review-reader textarea")


def tokens_of(page):
    return page.locator(".reader-words button")


def current(page):
    (index,) = page.evaluate(
        """() => [...document.querySelectorAll(".reader-words button")]
          .flatMap((button, t) => button.matches('[aria-current="true"][tabindex="0"]') ? [t] : [])"""
    )
    return index


def detail(page):
    return page.locator(".reader-detail p").all_inner_texts()


def said(page):
    return " ".join(page.locator(".reader-said p").all_inner_texts())


def test_it_starts_with_the_first_example_at_its_largest_step(visit, outcomes):
    page = visit()
    assert field(page).input_value() == EXAMPLES["Contrast"]
    assert said(page) == " ".join(all_sentences(outcomes[0]))
    t = largest_step(outcomes[0]["tokens"])
    assert current(page) == t
    assert detail(page) == token_sentences(outcomes[0], t)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_at_once(visit, outcomes, name):
    page = visit()
    page.locator(".reader-examples button", has_text=name).click()
    outcome = outcomes[list(EXAMPLES).index(name)]
    assert field(page).input_value() == EXAMPLES[name]
    assert said(page) == " ".join(all_sentences(outcome))
    labels = [button.get_attribute("aria-label") for button in tokens_of(page).all()]
    assert labels == [
        f"{step['token'] or 'nothing'}{'' if step['known'] else ', unknown'}, attention {100 * step['weight']:.1f} %"
        for step in outcome["tokens"]
    ]
    marked = [button.get_attribute("class") == "unknown" for button in tokens_of(page).all()]
    assert marked == [not step["known"] for step in outcome["tokens"]]


def test_an_unknown_word_is_marked_for_the_eye(visit):
    page = visit()
    field(page).fill("good zorblax")
    looks = page.evaluate(
        """() => [...document.querySelectorAll(".reader-words button")].map((button) =>
          [getComputedStyle(button).textDecorationStyle, getComputedStyle(button, "::after").content])"""
    )
    assert looks == [["solid", "none"], ["dashed", '"?"']]


def test_shades_are_shares_of_the_largest_weight(visit, outcomes):
    page = visit()
    shades = page.evaluate(
        """() => [...document.querySelectorAll(".reader-words button")].map((button) =>
          Number(button.style.getPropertyValue("--weight")))"""
    )
    weights = np.array([step["weight"] for step in outcomes[0]["tokens"]])
    np.testing.assert_allclose(shades, weights / weights.max(), atol=1e-9)
    colours = page.evaluate(
        """() => [...document.querySelectorAll(".reader-words button")].map((button) =>
          getComputedStyle(button).backgroundColor)"""
    )
    assert len(set(colours)) > 10
    alpha = [float(re.findall(r"[\d.e-]+", colour)[-1]) for colour in colours]
    np.testing.assert_allclose(alpha, 0.5 * weights / weights.max(), atol=0.01)


def test_the_plots_are_the_numbers(visit, outcomes):
    page = visit()
    tokens = outcomes[0]["tokens"]
    assert page.locator(".reader-bars").get_attribute("viewBox") == f"0 0 {len(tokens)} 1"
    up, down, _ = [path.get_attribute("d") for path in page.locator(".reader-bars path").all()]
    bars = {}
    for d, positive in ((up, True), (down, False)):
        for t, top, end in re.findall(r"M(\d+) \.5V([\d.e-]+)H(\d+)V\.5Z", d):
            assert int(end) == int(t) + 1
            bars[int(t)] = (positive, 1 - float(top))
    assert sorted(bars) == list(range(len(tokens)))
    for t, step in enumerate(tokens):
        assert bars[t] == (step["probability"] > 0.5, pytest.approx(step["probability"]))
    width, height, pixels = page.evaluate(
        """() => {
          const canvas = document.querySelector(".reader-trace");
          const { width, height } = canvas;
          return [width, height, [...canvas.getContext("2d").getImageData(0, 0, width, height).data]];
        }"""
    )
    image = np.array(pixels).reshape(height, width, 4)
    states = np.array([step["state"] for step in tokens]).T
    assert image.shape[:2] == states.shape
    np.testing.assert_allclose(image[..., 3] / 255, np.abs(states), atol=0.005)
    clear = np.abs(states) > 0.1
    np.testing.assert_array_equal((image[..., 2] > image[..., 0])[clear], (states > 0)[clear])


def test_typing_redraws_at_once_and_is_told_after_a_pause(browser, address, logic):
    seen = Visit(browser, "about:blank")
    page = seen.page
    page.clock.install(time=datetime(2026, 1, 1))
    page.goto(address)
    field(page).wait_for()
    page.clock.pause_at(datetime(2026, 1, 2))
    before = said(page)
    field(page).fill("")
    field(page).press_sequentially("A dull film")
    assert [text.split("\n")[0] for text in tokens_of(page).all_inner_texts()] == ["a", "dull", "film"]
    page.clock.run_for(500)
    field(page).press_sequentially("s")
    page.clock.run_for(500)
    assert said(page) == before, "a listener is not told of every key"
    page.clock.run_for(200)
    (outcome,) = logic("review", [["model", "A dull films"]])
    assert said(page) == " ".join(all_sentences(outcome))
    field(page).press_sequentially("x")
    page.locator(".reader-examples button", has_text="Nothing").click()
    told = page.locator(".reader-said p").element_handle()
    page.clock.run_for(1000)
    assert told.inner_text().startswith("Nothing to read")
    assert told.evaluate("p => p.isConnected"), "it is not told twice"
    assert seen.errors == []
    seen.close()


def test_what_is_typed_stays_text(visit):
    page = visit()
    for text in (
        "</textarea><script>window.hurt = 1</script>",
        '<img src="x" onerror="window.hurt = 1">',
        "&lt;b onclick=window.hurt=1&gt;",
    ):
        field(page).fill(text)
        assert [label.split("\n")[0] for label in tokens_of(page).all_inner_texts()] == words(text)
        assert page.locator(".reader-words :is(img, script, b)").count() == 0
    assert page.evaluate("window.hurt") is None


def test_hover_and_press_choose_a_token(visit, outcomes):
    page = visit()
    tokens_of(page).nth(9).hover()
    assert (current(page), detail(page)) == (9, token_sentences(outcomes[0], 9))
    for plot in (".reader-bars", ".reader-trace"):
        box = page.locator(plot).bounding_box()
        for t in (0, 12, 20):
            page.mouse.move(box["x"] + (t + 0.5) / 21 * box["width"], box["y"] + 5)
            assert (current(page), detail(page)) == (t, token_sentences(outcomes[0], t))
            cursor = page.locator(".reader-cursor").bounding_box()
            assert cursor["x"] == pytest.approx(box["x"] + (t + 0.5) / 21 * box["width"], abs=2)
            assert cursor["y"] <= box["y"]
            assert cursor["y"] + cursor["height"] >= box["y"] + box["height"] - 1


def test_the_reader_by_keyboard(visit, outcomes):
    page = visit()
    field(page).focus()
    for _ in range(len(EXAMPLES)):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Nothing"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator("[name=numbers]").is_checked()
    page.keyboard.press("Tab")
    start = largest_step(outcomes[0]["tokens"])
    keys = [
        ("ArrowRight", start + 1),
        ("ArrowLeft", start),
        ("End", 20),
        ("ArrowRight", 20),
        ("Home", 0),
        ("ArrowLeft", 0),
    ]
    for key, t in keys:
        page.keyboard.press(key)
        assert page.evaluate("Number(document.activeElement.dataset.t)") == t == current(page)
        assert detail(page) == token_sentences(outcomes[0], t)
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "what has the focus is to be seen"
    assert page.locator(".reader-words [tabindex='0']").count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.localName") == "summary"
    page.keyboard.press("Enter")
    page.locator(".reader-scroll td").first.wait_for()


def test_attention_in_numbers_on_demand(visit, outcomes):
    page = visit()
    numbers = page.locator(".reader-number")
    assert not numbers.first.is_visible()
    page.locator("[name=numbers]").check()
    assert numbers.first.is_visible()
    assert numbers.all_inner_texts() == [f"{100 * step['weight']:.1f} %" for step in outcomes[0]["tokens"]]
    page.locator("[name=numbers]").uncheck()
    assert not numbers.first.is_visible()


def test_all_numbers_as_a_table(visit, outcomes):
    page = visit()
    rows = """() => [...document.querySelectorAll(".reader-scroll tr")].map((row) =>
      [...row.cells].map((cell) => cell.textContent))"""
    assert page.evaluate(rows) == []
    page.locator("summary").click()
    page.locator(".reader-scroll td").first.wait_for()
    for index in (0, 4, 5):
        page.locator(".reader-examples button").nth(index).click()
        head, *body = page.evaluate(rows)
        assert head == ["token", "positive", "attention", *(f"h {k + 1}" for k in range(24))]
        assert body == [
            [
                f"{step['token'] or '(nothing)'}{'' if step['known'] else ' ?'}",
                number(step["probability"]),
                f"{100 * step['weight']:.1f} %",
                *map(number, step["state"]),
            ]
            for step in outcomes[index]["tokens"]
        ]


def test_a_long_review_says_what_it_leaves_out_and_keeps_the_chosen_token_in_sight(visit):
    page = visit()
    field(page).fill(LONG)
    omitted = len(words(LONG)) - 400
    assert tokens_of(page).count() == 400
    assert page.locator(".reader-words > span").inner_text() == f"… {omitted} tokens left out …"
    place = "button => [...button.parentElement.children].indexOf(button)"
    assert page.locator(".reader-words > span").evaluate(place) == 200
    page.locator(".reader-trace").scroll_into_view_if_needed()
    box = page.locator(".reader-trace").bounding_box()
    for t in (399, 3, 250):
        page.mouse.move(box["x"] + (t + 0.5) / 400 * box["width"], box["y"] + 5)
        assert current(page) == t
        frame, chip = page.locator(".reader-words").bounding_box(), tokens_of(page).nth(t).bounding_box()
        assert frame["y"] <= chip["y"]
        assert chip["y"] + chip["height"] <= frame["y"] + frame["height"]
        assert page.locator(".reader-trace").bounding_box()["y"] == box["y"], "the page itself does not scroll"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_axe_finds_no_barrier_and_nothing_sticks_out(visit, size, scheme):
    page = visit(size=size, scheme=scheme)
    page.locator("summary").click()
    for text in (EXAMPLES["Contrast"], EXAMPLES["Unknown words"], "", "w" * 300):
        field(page).fill(text)
        page.locator("[name=numbers]").set_checked(text in EXAMPLES.values())
        page.locator(".reader-said", has_text=f"{len(words(text))} token" if text else "Nothing").wait_for()
        assert_no_barrier(page)
        assert_nothing_sticks_out(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_shade(visit, scheme):
    page = visit(scheme=scheme)
    ink, ground, shade = page.evaluate(
        """() => {
          const [first] = document.querySelectorAll(".reader-words button");
          first.style.setProperty("--weight", 1);
          const style = getComputedStyle(first);
          const paint = (...fills) => {
            const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
            for (const fill of fills) { context.fillStyle = fill; context.fillRect(0, 0, 1, 1); }
            return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
          };
          const page = getComputedStyle(document.body).backgroundColor;
          return [paint(style.color), paint(page), paint(page, style.backgroundColor)];
        }"""
    )
    assert contrast(ink, shade) >= 4.5
    assert shade != ground
    bars = [[37, 99, 245], [232, 108, 0]]
    assert min(contrast(bar, ground) for bar in bars) >= 3
