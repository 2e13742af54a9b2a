/* The review reader: a trained LSTM with attention, in plain JavaScript, that reads what is typed.
 *
 * The examples come with the page, from rnnbook.demo("review_reader"), the model in a script of its own, when the demo
 * comes into sight. `window.rnnbook.reader` is the whole logic, pure functions that the tests compare with Python: words
 * with rnnbook.text.words, review with rnnbook.models.Predictor.
 */
(() => {
  "use strict";

  const { element, demo, bytes, tensors, sigmoid, product, lstm, modelCard } = window.rnnbook;

  /* From a text to its words: the pattern of rnnbook.text.words, for text in lower case.
   *
   * JavaScript's \w, \d and \s know fewer signs than Python's, and are spelled out.
   */
  const L = String.raw`[\p{L}\p{N}]`;
  const M = String.raw`(?:(?=[\u0300-\uffff])\p{M}|[\u200c\u200d])`;
  const SPACE = String.raw`\s\x1c-\x1f\x85`;
  const END = `(?!${L}|${M})`;
  const PARTS = "(?:[sſ]|m|d|re|ve|ll)";
  const NOT = new RegExp(`n't${END}`, "gu");
  const BREAK = new RegExp(`<br[${SPACE}]*/?>`, "giu");
  const ENTITY = /&(?:#\d+|#x[\da-f]+|[a-z][a-z\d]+);?/gi;
  const TOKEN = new RegExp([
    String.raw`https?://[^${SPACE}<>"]*[\p{L}\p{N}_/]|www\.[^${SPACE}<>"]*[\p{L}\p{N}_/]`,
    `n't${END}`,
    `o_+o${END}`,
    String.raw`${L}+(?:${M}+${L}*|(?<=\p{Nd})[.,:/](?=\p{Nd})${L}+|'(?!${PARTS}${END})${L}+)*`,
    `'${PARTS}${END}`,
    String.raw`>?[:;=]['\-]?[\)\(\]\[|\/\\*]{1,3}`,
    String.raw`(?<![\p{L}\p{N}_])[:;=]-?[dpo]${END}`,
    String.raw`\(-?:|<\/?3+(?!\p{Nd})|\^_*\^|-_+-|>[._]<`,
    String.raw`[!?]{1,3}|\.{1,3}|-{1,3}|\*{1,5}`,
    String.raw`[\u{1f1e6}-\u{1f1ff}]{2}`,
    String.raw`[^${SPACE}](?:${M}|[\u{1f3fb}-\u{1f3ff}\u{e0020}-\u{e007f}]|(?<=\u200d)[^\p{L}\p{N}_${SPACE}])*`,
  ].join("|"), "gu");
  const TYPEWRITER = [
    [/[‘’‚‛′´ʼ＇\x91\x92]/g, "'"],
    [/[“”„‟″＂\x84\x93\x94]/g, '"'],
    [/[‐‑‒–−\x96]/g, "-"],
    [/[—―\x97]/g, "--"],
    [/[…\x85]/g, "..."],
    [/[\xad\ufeff]/g, ""],
    [/\u200b/g, " "],
  ];

  /* The sign that an HTML entity stands for: the browser knows all their names. */
  function unescape(entity) {
    const place = element("textarea");
    place.innerHTML = entity; // nothing but &, #, letters, digits and ;
    return place.textContent;
  }

  function words(text) {
    let plain = text.replace(/&#(?=\d{8})/g, "& #").replace(ENTITY, unescape).replace(BREAK, " ").replaceAll("`", "'");
    for (const [signs, typed] of TYPEWRITER) plain = plain.replace(signs, typed);
    return plain.toLowerCase().normalize("NFC").replace(NOT, " $&").match(TOKEN) ?? [];
  }

  /* The model */

  /* The model as `review` wants it: words to ids, and a flat array of numbers for each tensor. */
  function unpack({ vocabulary, shapes, numbers, ...rest }) {
    const weights = tensors({ shapes, numbers });
    const tokens = new TextDecoder().decode(bytes(vocabulary)).split(" ");
    const ids = new Map(tokens.map((token, id) => [token, id]));
    const [D, H] = [shapes["embedding.weight"][1], shapes["rnn.weight_hh_l0"][1]];
    return { ...rest, weights, ids, D, H };
  }

  const UNKNOWN = 1;

  /* The hidden state after each step. */
  function states(model, ids) {
    let state;
    return ids.map((id) => (state = lstm(model, id, state)).h);
  }

  /* What the model makes of a text.
   *
   * Returns tokens, those that it reads, each with token, known, state (H), weight, its share of the attention in the
   * whole text, and probability, the positive label's if the text ended there; and omitted, how many tokens of a long
   * text are left out in the middle. Of an empty text it reads one unknown word, whose token is "".
   */
  function review(model, text) {
    const [first, last] = model.keep;
    const all = words(text);
    const omitted = Math.max(0, all.length - first - last);
    const read = all.length ? all.filter((_, t) => t < first || t >= first + omitted) : [""];
    const ids = read.map((token) => model.ids.get(token) ?? UNKNOWN);

    const w = model.weights;
    const sum = new Float64Array(model.H);
    let total = 0;
    const steps = states(model, ids).map((state, t) => {
      // e = v tanh(W h + b); a step's weight is exp(e) over the sum of all steps so far, and |e| is too small to overflow
      const features = w["attention.projection.bias"].map((bias, k) =>
        Math.tanh(product(w["attention.projection.weight"], k, state) + bias));
      const weight = Math.exp(product(w["attention.score.weight"], 0, features));
      total += weight;
      state.forEach((value, k) => (sum[k] += weight * value));
      const probability = sigmoid(product(w["linear.weight"], 0, sum) / total + w["linear.bias"][0]);
      return { token: read[t], known: ids[t] !== UNKNOWN, state: [...state], weight, probability };
    });
    return { omitted, tokens: steps.map((step) => ({ ...step, weight: step.weight / total })) };
  }

  /* In words */

  const format = (value) => value.toFixed(2).replace(/^-(?=.*[1-9])/, "−").replace("-", "");
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const quote = (token) => (token ? `“${token}”` : "nothing");
  const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

  /* A probability of the second label as a verdict: "positive with probability 0.83". */
  function verdict(labels, probability) {
    const second = probability > 0.5;
    return `${labels[Number(second)]} with probability ${format(second ? probability : 1 - probability)}`;
  }

  /* The token that changed the probability most; the first one has nothing to change. */
  function turn(tokens) {
    const change = (t) => (t ? Math.abs(tokens[t].probability - tokens[t - 1].probability) : 0);
    return tokens.reduce((best, _, t) => (change(t) > change(best) ? t : best), 0);
  }

  /* What is to be said of a whole text: the verdict, and sentences about it. */
  function sayAll({ labels }, { tokens, omitted }) {
    const known = tokens.filter((step) => step.known).length;
    const unknown = tokens.length - known;
    const end = verdict(labels, tokens.at(-1).probability);
    if (!tokens[0].token) {
      return [`Nothing to read: the network is given one unknown word, and guesses ${end}.`];
    }
    const length = omitted
      ? `${count(tokens.length + omitted, "token")}, of which the ${omitted} in the middle are left out`
      : count(tokens.length, "token");
    const unread = !unknown ? "all known" : !known ? "none of them known: it guesses" : `${unknown} unknown`;
    const t = turn(tokens);
    const most = [...tokens].sort((a, b) => b.weight - a.weight).slice(0, 3);
    return [
      `The network says: ${end}.`,
      `${length}, ${unread}.`,
      ...(t ? [`The largest step comes with ${quote(tokens[t].token)}, token ${t + 1}: the probability of ` +
        `“${labels[1]}” goes from ${format(tokens[t - 1].probability)} to ${format(tokens[t].probability)}.`] : []),
      `Most attention: ${most.map(({ token, weight }) => `${quote(token)} ${percent(weight)}`).join(", ")}.`,
    ];
  }

  /* What is to be said of one token. */
  function sayToken({ labels }, { tokens }, t) {
    const { token, known, state, weight, probability } = tokens[t];
    const before = t ? tokens[t - 1].state : state.map(() => 0);
    const rank = tokens.filter((other) => other.weight > weight).length + 1;
    const order = state.map((_, k) => k).sort((a, b) => Math.abs(state[b] - before[b]) - Math.abs(state[a] - before[a]));
    const units = order.slice(0, 3).map((k) => `${k + 1} (${format(before[k])} to ${format(state[k])})`);
    return [
      `Token ${t + 1} of ${tokens.length}, ${quote(token)}${known ? "" : ", unknown"}: ` +
        `if the review ended here, ${verdict(labels, probability)}.`,
      `Probability of “${labels[1]}” ${t ? `${format(tokens[t - 1].probability)} before it, ` : ""}` +
        `${format(probability)} after it. Attention in the whole review ${percent(weight)}, ` +
        `rank ${rank} of ${tokens.length}.`,
      `Units whose state changes most: ${units.join(", ")}.`,
    ];
  }

  /* The page */

  const PAUSE = 600; // milliseconds without a key, after which a listener is told the verdict
  const BLUE = "37, 99, 245";
  const ORANGE = "232, 108, 0";

  function make({ model, examples }) {
    return modelCard("review-reader", "Review reader", model, () =>
      new Reader(unpack(window.rnnbook.readerModel), examples).parts);
  }

  function svg(tag, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  class Reader {
    constructor(model, examples) {
      this.model = model;
      const vocabulary = this.model.ids.size.toLocaleString("en");
      this.text = element("textarea", { name: "review", rows: 3, lang: "en", spellcheck: "false" });
      this.numbers = element("input", { name: "numbers", type: "checkbox" });
      this.said = element("div", { class: "reader-said", role: "status" });
      this.words = element("div", { class: "reader-words", role: "group", "aria-label": "The review, token by token" });
      this.bars = svg("svg", { class: "reader-bars", preserveAspectRatio: "none", "aria-hidden": "true" });
      this.trace = element("canvas", { class: "reader-trace", height: this.model.H, "aria-hidden": "true" });
      this.last = element("span", {});
      this.plots = element("div", { class: "reader-plots" },
        element("span", { class: "reader-axis" }, ...["1", "0.5", "0"].map((tick) => element("span", {}, tick))),
        this.bars,
        element("span", { class: "reader-axis" }, element("span", {}, "unit 1"), element("span", {}, this.model.H)),
        this.trace,
        element("span", { class: "reader-steps" }, element("span", {}, "token 1"), this.last),
        element("span", { class: "reader-cursor" }));
      this.detail = element("div", { class: "reader-detail" });
      this.table = element("table", {});
      this.all = element("details", {},
        element("summary", {}, "All numbers"),
        element("div", { class: "reader-scroll", role: "region", "aria-label": "All numbers", tabindex: 0 }, this.table));
      const [negative, positive] = this.model.labels;
      this.parts = [
        this.makeForm(examples), this.said, this.words, this.detail,
        element("div", { role: "img", "aria-label": "The probability after each token, and below it the state of all " +
          "units, as colours; their numbers stand under “All numbers”." }, this.plots),
        element("p", { class: "reader-legend" },
          `Upper plot: the probability of “${positive}” if the review ended with this token, up and blue for ` +
          `${positive}, down and orange for ${negative}. Lower plot: the hidden state, a row for each unit; blue is ` +
          "positive, orange negative, no colour 0. The fuller a token’s shade, the more attention it gets in the whole " +
          `review. A dashed line and a question mark: not among the ${vocabulary} entries of the vocabulary.`),
        this.all,
      ];
      this.listen();
      this.set(examples[0].text);
    }

    makeForm(examples) {
      const buttons = examples.map(({ name, text }) => {
        const button = element("button", { type: "button" }, name);
        button.addEventListener("click", () => this.set(text));
        return button;
      });
      const form = element("form", { "aria-label": "What to read" },
        element("label", { class: "reader-text" }, element("span", {}, "A film review, in English"), this.text),
        element("div", { class: "reader-examples", role: "group", "aria-label": "Examples" }, ...buttons),
        element("label", {}, this.numbers, "Attention in numbers"));
      form.addEventListener("submit", (event) => event.preventDefault());
      return form;
    }

    listen() {
      this.text.addEventListener("input", () => {
        this.read();
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.say(), PAUSE);
      });
      this.numbers.addEventListener("input", () => this.words.classList.toggle("with-numbers", this.numbers.checked));
      for (const kind of ["pointerover", "focusin", "click"]) {
        this.words.addEventListener(kind, ({ target }) => {
          const button = target.closest("button");
          if (button) this.choose(Number(button.dataset.t));
        });
      }
      this.words.addEventListener("keydown", (event) => this.walk(event));
      for (const plot of [this.bars, this.trace]) {
        for (const kind of ["pointerdown", "pointermove"]) plot.addEventListener(kind, (event) => this.point(event));
      }
      this.all.addEventListener("toggle", () => this.tabulate());
    }

    set(text) {
      clearTimeout(this.timer);
      this.text.value = text;
      this.read();
      this.say();
    }

    /* Read what the field holds, and draw all of it. */
    read() {
      this.outcome = review(this.model, this.text.value);
      const { tokens, omitted } = this.outcome;
      const most = Math.max(...tokens.map(({ weight }) => weight));
      const chips = tokens.map(({ token, known, weight }, t) => element("button", {
        type: "button",
        "data-t": t,
        class: known ? null : "unknown",
        style: `--weight: ${weight / most}`,
        "aria-label": `${token || "nothing"}${known ? "" : ", unknown"}, attention ${percent(weight)}`,
      }, token || "(nothing)", element("span", { class: "reader-number" }, percent(weight))));
      if (omitted) chips.splice(this.model.keep[0], 0, element("span", {}, `… ${count(omitted, "token")} left out …`));
      this.words.replaceChildren(...chips);
      this.buttons = this.words.querySelectorAll("button");
      this.drawBars(tokens);
      this.drawTrace(tokens);
      this.last.textContent = tokens.length > 1 ? String(tokens.length) : "";
      this.choose(turn(tokens));
      this.tabulate();
    }

    say() {
      const [first, ...rest] = sayAll(this.model, this.outcome);
      this.said.replaceChildren(element("p", {}, first), ...(rest.length ? [element("p", {}, rest.join(" "))] : []));
    }

    drawBars(tokens) {
      const bar = ({ probability }, t) => `M${t} .5V${1 - probability}H${t + 1}V.5Z`;
      const side = (positive) => svg("path", {
        fill: `rgb(${positive ? BLUE : ORANGE})`,
        d: tokens.map((step, t) => (step.probability > 0.5 === positive ? bar(step, t) : "")).join(""),
      });
      this.bars.setAttribute("viewBox", `0 0 ${tokens.length} 1`);
      this.bars.replaceChildren(
        side(true), side(false), svg("path", { class: "reader-middle", d: `M0 .5H${tokens.length}` }));
    }

    /* One pixel for each unit and token; the style sheet makes it as wide as the page. */
    drawTrace(tokens) {
      this.trace.width = tokens.length;
      const context = this.trace.getContext("2d");
      tokens.forEach(({ state }, t) => state.forEach((value, k) => {
        context.fillStyle = `rgba(${value > 0 ? BLUE : ORANGE}, ${Math.abs(value)})`;
        context.fillRect(t, k, 1, 1);
      }));
    }

    choose(t) {
      this.chosen = t;
      this.buttons.forEach((button, s) => {
        button.setAttribute("tabindex", s === t ? 0 : -1);
        if (s === t) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
      });
      this.show(this.buttons[t]);
      const { tokens } = this.outcome;
      this.plots.style.setProperty("--at", (t + 0.5) / tokens.length);
      this.detail.replaceChildren(...sayToken(this.model, this.outcome, t).map((text) => element("p", {}, text)));
    }

    /* Scroll the tokens of a long review, and nothing else, so that this one is to be seen. */
    show(button) {
      const [box, place] = [this.words.getBoundingClientRect(), button.getBoundingClientRect()];
      this.words.scrollTop += Math.min(0, place.top - box.top) + Math.max(0, place.bottom - box.bottom);
    }

    walk(event) {
      const last = this.buttons.length - 1;
      const to = { ArrowLeft: this.chosen - 1, ArrowRight: this.chosen + 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.buttons[Math.min(Math.max(to, 0), last)].focus();
    }

    /* The token under the pointer. */
    point(event) {
      const { left, width } = event.currentTarget.getBoundingClientRect();
      const steps = this.outcome.tokens.length;
      this.choose(Math.min(Math.max(Math.floor(((event.clientX - left) / width) * steps), 0), steps - 1));
    }

    /* Every number as text, for those who ask for it. */
    tabulate() {
      if (!this.all.open) return;
      const cell = (text) => element("td", {}, text);
      const units = Array.from({ length: this.model.H }, (_, k) => `h ${k + 1}`);
      const head = ["token", this.model.labels[1], "attention", ...units].map((text) => element("th", { scope: "col" }, text));
      const rows = this.outcome.tokens.map(({ token, known, state, weight, probability }) => element("tr", {},
        element("th", { scope: "row" }, `${token || "(nothing)"}${known ? "" : " ?"}`),
        ...[format(probability), percent(weight), ...state.map(format)].map(cell)));
      this.table.replaceChildren(
        element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
    }
  }

  window.rnnbook.reader = { words, unpack, review, sayAll, sayToken };
  demo("review_reader", make);
})();
