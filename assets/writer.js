/* Write with the model: a trained LSTM, in plain JavaScript, that goes on writing what the reader has begun.
 *
 * The beginnings come with the page, from rnnbook.demo("writer"), the model in a script of its own, when the demo comes
 * into sight. `window.rnnbook.writer` is the whole logic, pure functions that the tests compare with Python: read with
 * rnnbook.models.LanguageModel, distribution with rnnbook.decode.distribution.
 */
(() => {
  "use strict";

  const { element, demo, tensors, product, lstm, modelCard } = window.rnnbook;

  /* The model */

  /* The model as `read` wants it: its characters, and a flat array of numbers for each tensor. */
  function unpack({ characters, shapes, numbers }) {
    const weights = tensors({ shapes, numbers });
    const ids = new Map([...characters].map((character, id) => [character, id]));
    const [D, H] = [shapes["embedding.weight"][1], shapes["rnn.weight_hh_l0"][1]];
    return { weights, characters: [...characters], ids, D, H };
  }

  /* Read one character: the state (h, c) after it, and the logits of the next one. */
  function step(model, id, before) {
    const { weights: w } = model;
    const { h, c } = lstm(model, id, before);
    const logits = w["linear.bias"].map((bias, k) => product(w["linear.weight"], k, h) + bias);
    return { id, h, c, logits };
  }

  /* Read a text, a step for each character; its loss says how well it was foreseen, -ln p, the first one excepted. What
   * `known`, the steps of another text, has in common with it is reused.
   */
  function read(model, text, known = []) {
    const ids = [...text].map((character) => model.ids.get(character));
    const changed = ids.findIndex((id, t) => known[t]?.id !== id);
    const steps = known.slice(0, changed < 0 ? ids.length : changed);
    for (const id of ids.slice(steps.length)) {
      const before = steps.at(-1);
      const loss = before ? -Math.log(distribution(before.logits)[id]) : null;
      steps.push({ ...step(model, id, before), loss });
    }
    return steps;
  }

  /* A character between quotes, as Python's repr has it. */
  function repr(character) {
    const code = character.codePointAt(0);
    const short = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\" }[character];
    const hex = (digits) => code.toString(16).padStart(digits, "0");
    const long = code < 0x100 ? `\\x${hex(2)}` : code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
    const shown = short ?? (/(?! )[\p{C}\p{Z}]/u.test(character) ? long : character);
    return character === "'" ? `"'"` : `'${shown}'`;
  }

  /* Why the model cannot go on from a text; nothing if it can. */
  function complaint(model, text) {
    if (!text) return "There is nothing to go on from: type a character. A line break is one, too.";
    const position = [...text].findIndex((character) => !model.ids.has(character));
    if (position < 0) return "";
    return `${repr([...text][position])} at position ${position}, counted from 0, is not among the ` +
      `${model.characters.length} characters that the model knows: leave it out.`;
  }

  /* Sampling */

  /* The numbers divided by their sum, those that are not kept being 0. */
  function normalised(numbers, kept) {
    const sum = kept.reduce((total, k) => total + numbers[k], 0);
    const p = new Float64Array(numbers.length);
    for (const k of kept) p[k] = numbers[k] / sum;
    return p;
  }

  /* The probabilities to draw from. The temperature comes first, then the cut to topK characters, then that to a mass
   * of topP in what is left; null cuts nothing. Temperature 0 leaves the most probable character. Of equals the first
   * goes first.
   */
  function distribution(logits, temperature = 1, topK = null, topP = null) {
    const all = [...logits.keys()];
    const largest = Math.max(...logits);
    if (temperature === 0) return normalised(logits.map(() => 1), [logits.indexOf(largest)]);
    const scaled = logits.map((logit) => (logit === largest ? 1 : Math.exp((logit - largest) / temperature)));
    let p = normalised(scaled, all);
    if (topK === null && topP === null) return p;
    let kept = all.sort((a, b) => p[b] - p[a]);
    if (topK !== null) p = normalised(p, (kept = kept.slice(0, topK)));
    if (topP !== null && topP < 1) {
      let mass = 0; // of the characters ahead
      const nucleus = kept.filter((k, rank) => {
        const inside = rank === 0 || mass < topP;
        mass += p[k];
        return inside;
      });
      p = normalised(p, nucleus);
    }
    return p;
  }

  /* Numbers from 0 to 1, 1 excluded, the same for the same seed: a counter in steps of 2^32 / golden ratio, whose bits
   * are mixed as at the end of MurmurHash3.
   */
  function generator(seed) {
    let counter = seed | 0;
    return () => {
      let bits = (counter = (counter + 0x9e3779b9) | 0);
      bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
      bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
      return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
    };
  }

  /* The number of a character, drawn from probabilities. */
  function draw(p, random) {
    let rest = random();
    const drawn = p.findIndex((share) => (rest -= share) < 0);
    return drawn < 0 ? p.findLastIndex((share) => share > 0) : drawn; // their sum may be 1 but for its last digits
  }

  /* In words */

  const SIGNS = { "\n": "↵", " ": "␣" };
  const NAMES = { "\n": "a line break", " ": "a space" };
  const sign = (character) => SIGNS[character] ?? character;
  const name = (character) => NAMES[character] ?? `“${character}”`;
  const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
  const signed = (value) => value.toFixed(2).replace(/^-(?=.*[1-9])/, "−").replace("-", "");
  const share = (p) => (p > 0 && p < 0.0005 ? "< 0.001" : p.toFixed(3));

  /* What is to be said of character t of a text, and the value of a unit (counted from 0) after it. */
  function sayCharacter(model, steps, t, unit) {
    const { id, h, loss } = steps[t];
    const value = `unit ${unit + 1} is ${signed(h[unit])}`;
    const here = `Character ${t + 1} of ${steps.length}, ${name(model.characters[id])}: ${value}.`;
    if (t === 0) return `${here} The model could not foresee it: nothing stands before.`;
    const { logits } = steps[t - 1];
    const rank = logits.filter((logit) => logit > logits[id]).length + 1;
    return `${here} Before, the model gave it probability ${share(Math.exp(-loss))}, rank ${rank} of ${logits.length}.`;
  }

  /* How well the model foresees a text, all of it but the first character. */
  function sayText(steps) {
    if (steps.length < 2) return "";
    const mean = steps.slice(1).reduce((sum, { loss }) => sum + loss, 0) / (steps.length - 1);
    return `The model foresees this text with a loss of ${mean.toFixed(2)} nats a character: perplexity ` +
      `${Math.exp(mean).toFixed(1)}.`;
  }

  /* What was measured of a unit that tells where something is so. */
  function sayTelling({ H }, { follows, unit, higher, area }) {
    return `Unit ${unit + 1}, “${follows}”: chosen among ${H} on text of the training, then measured on the ` +
      "validation text. Of a place where it is so and one where it is not, the first has the " +
      `${higher ? "higher" : "lower"} value in ${(100 * area).toFixed(1)} % of all pairs; 50 % would be guessing.`;
  }

  /* The page */

  const SHOWN = 12; // of the next characters, the most probable
  const LONGEST = 2000; // characters of a text
  const PACE = { characters: 1, milliseconds: 50 };
  const CALM = { characters: 60, milliseconds: 1500 }; // for who wants little to move
  const BLUE = "37, 99, 245";
  const ORANGE = "232, 108, 0";

  function make({ model, beginnings, telling }) {
    return modelCard("writer", "Write with the model", model, () =>
      new Writer(unpack(window.rnnbook.writerModel), beginnings, telling).parts);
  }

  class Writer {
    constructor(model, beginnings, telling) {
      this.model = model;
      this.telling = telling;
      this.steps = []; // of the text that is drawn
      this.characters = []; // its elements
      this.unit = telling[0].unit;
      this.timer = null;
      this.text = element("textarea", { name: "text", rows: 5, maxlength: LONGEST, lang: "en", spellcheck: "false" });
      this.form = this.makeForm(beginnings);
      this.buttons = this.makeButtons();
      this.said = element("p", { class: "writer-said", role: "status" });
      this.outcome = element("div", {}, ...this.makeNext(), ...this.makeUnits());
      this.parts = [this.form, this.buttons, this.said, this.outcome];
      this.markUnit();
      this.begin(beginnings[0].text);
    }

    makeForm(beginnings) {
      const V = this.model.characters.length;
      const slider = (name, label, settings) => element("label", {}, element("span", {}, label),
        element("input", { name, type: "range", ...settings }), element("output", {}));
      const form = element("form", { "aria-label": "How to write" },
        element("label", { class: "writer-field" }, element("span", {}, "A text, for the model to go on"), this.text),
        element("div", { class: "writer-choices", role: "group", "aria-label": "Beginnings" },
          ...beginnings.map(({ name, text }) => this.makeButton({}, name, () => this.begin(text)))),
        slider("temperature", "Temperature", { min: 0, max: 2, step: 0.05, value: 0.8 }),
        slider("topK", "Top-k", { min: 1, max: V, step: 1, value: V }),
        slider("topP", "Top-p", { min: 0, max: 1, step: 0.01, value: 1 }),
        element("label", {}, element("span", {}, "Seed"),
          element("input", { name: "seed", type: "number", min: 0, max: 999999, step: 1, value: 0, required: "" })));
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("input", ({ target }) => {
        if (target === this.text) this.begin(this.text.value);
        else if (target.name === "seed") this.random = generator(this.seed);
        else this.drawNext();
      });
      return form;
    }

    makeButton(attributes, label, press) {
      const button = element("button", { type: "button", ...attributes }, label);
      button.addEventListener("click", press);
      return button;
    }

    makeButtons() {
      return element("div", { class: "writer-buttons", role: "group", "aria-label": "Write" },
        this.makeButton({ name: "one" }, "Write one character", () => this.writeOne()),
        this.makeButton({ name: "on" }, "Write on", () => this.writeOn()),
        this.makeButton({ name: "stop" }, "Stop", () => this.stop()),
        this.makeButton({ name: "anew" }, "Start anew", () => this.begin(this.beginning)));
    }

    makeNext() {
      this.rows = element("tbody", {});
      this.others = element("p", { class: "writer-others" });
      this.everything = element("tbody", {});
      const head = (...titles) => element("thead", {},
        element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title))));
      this.all = element("details", {},
        element("summary", {}, "All characters, in numbers"),
        element("div", { class: "writer-scroll", role: "region", "aria-label": "All characters", tabindex: 0 },
          element("table", {}, head("next", "logit", "model", "drawn with"), this.everything)));
      this.all.addEventListener("toggle", () => this.tabulate());
      const table = element("table", { class: "writer-next" },
        element("caption", {}, "The next character"), head("next", "", "model", "drawn with"), this.rows);
      return [table, this.others, this.all];
    }

    makeUnits() {
      this.view = element("div", { class: "writer-view", role: "slider", tabindex: 0, "aria-label": "Place in the text",
        "aria-valuemin": 1 });
      this.detail = element("p", { class: "writer-detail" });
      this.measured = element("p", { class: "writer-measured" });
      this.foreseen = element("p", { class: "writer-foreseen" });
      this.choice = element("select", { name: "unit" }, ...Array.from({ length: this.model.H }, (_, k) =>
        element("option", { value: k }, String(k + 1))));
      this.choice.addEventListener("input", () => this.follow(Number(this.choice.value)));
      for (const kind of ["pointerover", "pointerdown"]) {
        this.view.addEventListener(kind, ({ target }) => {
          if (target.dataset.t) this.choose(Number(target.dataset.t));
        });
      }
      this.view.addEventListener("keydown", (event) => this.walk(event));
      return [
        element("div", { class: "writer-choices", role: "group", "aria-label": "Hidden unit" },
          element("label", {}, element("span", {}, "Hidden unit"), this.choice),
          ...this.telling.map(({ follows, unit }) =>
            this.makeButton({ "data-unit": unit }, follows, () => this.follow(unit)))),
        this.measured, this.view, this.detail, this.foreseen,
        element("p", { class: "writer-legend" },
          "Above: an outline is the model’s own probability, a full bar what is drawn with after temperature and " +
          "cuts; hatched is what they leave out. In the text, a character’s colour is the value of the unit when the " +
          "model has read it: blue is positive, orange negative, no colour 0. A dotted line marks what you have " +
          "begun. The arrow keys go through the text. ␣ is a space, ↵ a line break."),
      ];
    }

    get seed() {
      const { seed } = this.form.elements;
      return seed.validity.valid ? seed.valueAsNumber : 0;
    }

    /* The settings as `distribution` takes them. */
    get settings() {
      const { temperature, topK, topP } = this.form.elements;
      const cut = (slider) => (slider.value === slider.max ? null : slider.valueAsNumber);
      return [temperature.valueAsNumber, cut(topK), cut(topP)];
    }

    /* Take a text that the reader has written or chosen, and the random numbers from their start. */
    begin(text) {
      this.stop();
      this.beginning = text;
      if (this.text.value !== text) this.text.value = text;
      this.random = generator(this.seed);
      this.draw();
      for (const character of this.characters) character.classList.add("begun");
    }

    /* Read what the field holds, and draw all of it. */
    draw() {
      const text = this.text.value;
      const wrong = complaint(this.model, text);
      this.outcome.hidden = Boolean(wrong);
      this.said.classList.toggle("is-wrong", Boolean(wrong));
      this.say(wrong);
      this.text.setAttribute("aria-invalid", Boolean(wrong));
      this.mark();
      if (wrong) return;
      const before = this.steps;
      this.steps = read(this.model, text, before);
      const same = this.steps.findIndex((step, t) => step !== before[t]);
      this.drawText(same < 0 ? this.steps.length : same);
      this.drawNext();
      this.foreseen.textContent = sayText(this.steps);
      this.choose(this.steps.length - 1);
    }

    say(sentence) {
      if (this.said.textContent !== sentence) this.said.textContent = sentence;
    }

    /* Draw one character and append it. Returns what is to be said of it; nothing if it cannot be. */
    append() {
      if (this.outcome.hidden || this.steps.length >= LONGEST) return "";
      const p = distribution(this.steps.at(-1).logits, ...this.settings);
      const drawn = draw(p, this.random);
      this.text.value += this.model.characters[drawn];
      this.text.scrollTop = this.text.scrollHeight;
      this.draw();
      return `Written: ${name(this.model.characters[drawn])}, drawn with probability ${share(p[drawn])}.`;
    }

    get full() {
      return this.steps.length < LONGEST ? "" :
        ` The field is full with ${count(LONGEST, "character")}: start anew, or delete some.`;
    }

    writeOne() {
      this.stop();
      if (!this.outcome.hidden) this.say(`${this.append()}${this.full}`.trim());
    }

    writeOn() {
      if (this.timer || this.outcome.hidden) return;
      const { characters, milliseconds } = matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM : PACE;
      const go = () => {
        for (let i = 0; i < characters; i++) if (!this.append()) return this.stop();
      };
      this.from = this.steps.length;
      this.said.setAttribute("aria-live", "off"); // a listener is told where it stops, not each character on the way
      this.timer = setInterval(go, milliseconds);
      this.mark();
      go();
    }

    stop() {
      if (!this.timer) return;
      clearInterval(this.timer);
      this.timer = null;
      this.said.removeAttribute("aria-live");
      this.mark();
      this.say(`${count(this.steps.length - this.from, "character")} written.${this.full}`);
    }

    /* Which buttons do something now. They are not `disabled`, which would take the focus away. */
    mark() {
      const nothing = { one: this.outcome.hidden, on: this.outcome.hidden || this.timer, stop: !this.timer };
      for (const [name, idle] of Object.entries(nothing)) {
        this.buttons.querySelector(`[name=${name}]`).setAttribute("aria-disabled", Boolean(idle));
      }
    }

    /* The characters most likely to come next, what they are drawn with, and a line about all others. */
    drawNext() {
      const { form, model } = this;
      const [temperature, topK, topP] = this.settings;
      const said = {
        temperature: temperature ? temperature.toFixed(2) : "0, greedy",
        topK: topK ?? "all",
        topP: topP === null ? "all" : topP.toFixed(2),
      };
      for (const [name, text] of Object.entries(said)) {
        form.elements[name].nextElementSibling.value = text;
        form.elements[name].setAttribute("aria-valuetext", text);
      }
      if (this.outcome.hidden) return;
      const { logits } = this.steps.at(-1);
      const [own, p] = [distribution(logits), distribution(logits, temperature, topK, topP)];
      this.next = [...logits.keys()].sort((a, b) => logits[b] - logits[a]).map((k) => ({
        label: sign(model.characters[k]),
        logit: logits[k],
        own: own[k],
        p: p[k],
        drawn: p[k] > 0 ? share(p[k]) : "left out",
      }));
      this.rows.replaceChildren(...this.next.slice(0, SHOWN).map(({ label, own, drawn, p }) =>
        element("tr", { class: p > 0 ? null : "left-out" },
          element("th", { scope: "row" }, label),
          element("td", {}, element("div", { class: "writer-bar", style: `--own: ${own}; --drawn: ${p}` })),
          element("td", {}, share(own)), element("td", {}, drawn))));
      const others = this.next.slice(SHOWN);
      const sum = (key) => share(others.reduce((total, other) => total + other[key], 0));
      const left = others.filter(({ p }) => p > 0).length;
      this.others.textContent = `${count(others.length, "other")}: together ${sum("own")} by the model, ` +
        (left === others.length ? `${sum("p")} drawn with.` :
          left ? `${sum("p")} drawn with; ${others.length - left} of them are left out.` : "all left out.");
      this.tabulate();
    }

    tabulate() {
      if (!this.all.open) return;
      this.everything.replaceChildren(...this.next.map(({ label, logit, own, drawn }) => element("tr", {},
        element("th", { scope: "row" }, label),
        ...[signed(logit), share(own), drawn].map((text) => element("td", {}, text)))));
    }

    /* Draw the text from character `from` on; what stands before has not changed. */
    drawText(from) {
      const drawn = this.steps.slice(from).map(({ id }, i) => {
        const character = this.model.characters[id];
        const text = character === "\n" ? "↵\n" : character;
        return element("span", { "data-t": from + i }, text);
      });
      this.characters = [...this.characters.slice(0, from), ...drawn];
      this.view.replaceChildren(...this.characters);
      this.paint(from);
    }

    /* Colour the characters from `from` on by the value of the unit. */
    paint(from = 0) {
      this.steps.slice(from).forEach(({ h }, i) => {
        const value = h[this.unit];
        const colour = `rgba(${value > 0 ? BLUE : ORANGE}, ${Math.abs(value) / 2})`; // at most half, to be read on
        this.characters[from + i].style.backgroundColor = colour;
      });
    }

    follow(unit) {
      this.unit = unit;
      this.paint();
      this.markUnit();
      this.choose(this.chosen);
    }

    markUnit() {
      this.choice.value = this.unit;
      for (const button of this.outcome.querySelectorAll("[data-unit]")) {
        button.setAttribute("aria-pressed", Number(button.dataset.unit) === this.unit);
      }
      const told = this.telling.filter(({ unit }) => unit === this.unit);
      this.measured.textContent = told.map((each) => sayTelling(this.model, each)).join(" ") ||
        `Unit ${this.unit + 1} is not the most telling one for any of these.`;
    }

    /* The place of which the numbers are told. */
    choose(t) {
      this.characters[this.chosen]?.classList.remove("chosen");
      this.chosen = t;
      this.characters[t].classList.add("chosen");
      const sentence = sayCharacter(this.model, this.steps, t, this.unit);
      this.detail.textContent = sentence;
      this.view.setAttribute("aria-valuemax", this.steps.length);
      this.view.setAttribute("aria-valuenow", t + 1);
      this.view.setAttribute("aria-valuetext", sentence);
      this.show(this.characters[t]);
    }

    /* Scroll the text, and nothing else, so that this character is to be seen. */
    show(character) {
      const [box, place] = [this.view.getBoundingClientRect(), character.getBoundingClientRect()];
      this.view.scrollTop += Math.min(0, place.top - box.top) + Math.max(0, place.bottom - box.bottom);
    }

    walk(event) {
      const last = this.steps.length - 1;
      const t = this.chosen;
      const ways = { ArrowLeft: t - 1, ArrowRight: t + 1, PageUp: t - 20, PageDown: t + 20, Home: 0, End: last };
      if (!(event.key in ways)) return;
      event.preventDefault();
      this.choose(Math.min(Math.max(ways[event.key], 0), last));
    }
  }

  window.rnnbook.writer = { unpack, read, complaint, distribution, generator, draw, sayCharacter, sayText, sayTelling };
  demo("writer", make);
})();
