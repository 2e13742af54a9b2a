/* The gate player: steps a trained LSTM and a trained GRU through a sequence, and says what each gate does to a unit.
 *
 * The recordings come with the page, from rnnbook.demo("gate_player"). `window.rnnbook.gates` is the whole logic, pure
 * functions that the tests compare with Python. Steps and units are counted from 1 where a reader sees them.
 */
(() => {
  "use strict";

  const CELLS = {
    lstm: { title: "LSTM", state: ["c", "h"], gates: ["i", "f", "g", "o"] },
    gru: { title: "GRU", state: ["h"], gates: ["r", "z", "n"] },
  };
  const NAMES = {
    i: "input gate", f: "forget gate", g: "candidate", o: "output gate",
    r: "reset gate", z: "update gate", n: "candidate", c: "cell state", h: "hidden state",
  };
  const SIGNED = new Set(["g", "n", "c", "h"]); // the others are gates, between 0 and 1
  const PAUSE = 1200; // milliseconds a step, when it plays

  /* One step of a recorded sequence: what was read and answered, and all units' values before, at the gates, and after.
   *
   * cell: "lstm" or "gru"; sequence: a recording with symbols, target, prediction, probability and gates; t from 0.
   */
  function step(cell, sequence, t) {
    const { state, gates } = CELLS[cell];
    const at = (name, s) => (s < 0 ? sequence.gates[name][0].map(() => 0) : sequence.gates[name][s]);
    const pick = (names, s) => Object.fromEntries(names.map((name) => [name, at(name, s)]));
    return {
      symbol: sequence.symbols[t],
      target: sequence.target[t],
      prediction: sequence.prediction[t],
      probability: Math.max(...sequence.probability[t]),
      before: pick(state, t - 1),
      gates: pick(gates, t),
      after: pick(state, t),
    };
  }

  const format = (value, digits = 2) => value.toFixed(digits).replace(/^-(?=.*[1-9])/, "−").replace("-", "");

  /* What a gate does, in one of three ways: it is nearly open, nearly shut, or in between. */
  function degree(gate, open, between, shut) {
    if (gate >= 0.9) return open;
    if (gate <= 0.1) return shut;
    const percent = Math.round(100 * gate);
    return between(`${percent} %`, `${100 - percent} %`);
  }

  /* What the step did to unit k (from 0), in sentences. */
  const SENTENCES = {
    lstm({ before, gates, after }, k) {
      const [held, i, f, g, o] = [before.c, gates.i, gates.f, gates.g, gates.o].map((values) => values[k]);
      const keeps = degree(f, "keeps", (part) => `keeps ${part} of`, "drops");
      const takes = degree(i, "nearly all", (part) => part, "next to nothing");
      const shows = degree(o, "shows", (part) => `shows ${part} of`, "hides");
      return [
        `The forget gate of unit ${k + 1} is ${format(f)}: it ${keeps} what it held (${format(held)}).`,
        `Its input gate is ${format(i)}: it takes in ${takes} of the candidate (${format(g)}).`,
        `So its cell state goes from ${format(held)} to ${format(after.c[k])}.`,
        `Its output gate is ${format(o)}: it ${shows} the tanh of that, and the hidden state is ${format(after.h[k])}.`,
      ];
    },
    gru({ before, gates, after }, k) {
      const [held, r, z, n] = [before.h, gates.r, gates.z, gates.n].map((values) => values[k]);
      const hears = degree(r, "nearly all", (part) => part, "next to nothing");
      const [was, comes] = [`what it held (${format(held)})`, `the candidate (${format(n)})`];
      const does = degree(
        z, `keeps ${was}`, (part, rest) => `keeps ${part} of ${was} and takes in ${rest} of ${comes}`,
        `drops ${was} and takes in ${comes}`);
      return [
        `The reset gate of unit ${k + 1} is ${format(r)}: its candidate hears ${hears} of the last state.`,
        `Its update gate is ${format(z)}: it ${does}.`,
        `So its hidden state goes from ${format(held)} to ${format(after.h[k])}.`,
      ];
    },
  };

  const sentences = (cell, values, k) => SENTENCES[cell](values, k);

  /* The same as arithmetic: [equation, numbers] for each state of unit k, its numbers to three digits, as recorded. */
  function arithmetic(cell, { before, gates, after }, k) {
    const [old, gate, now] = [before, gates, after].map((group) => (name) => {
      const text = format(group[name][k], 3);
      return text.startsWith("−") ? `(${text})` : text;
    });
    const equals = (name) => `≈ ${format(after[name][k], 3)}`;
    if (cell === "gru") {
      return [[
        "h_t = (1 − z_t) n_t + z_t h_t−1",
        `(1 − ${gate("z")}) · ${gate("n")} + ${gate("z")} · ${old("h")} ${equals("h")}`,
      ]];
    }
    return [
      ["c_t = f_t c_t−1 + i_t g_t", `${gate("f")} · ${old("c")} + ${gate("i")} · ${gate("g")} ${equals("c")}`],
      ["h_t = o_t tanh c_t", `${gate("o")} · tanh ${now("c")} ${equals("h")}`],
    ];
  }

  /* The page */

  const { element, demo } = window.rnnbook;
  const range = (n) => Array.from({ length: n }, (_, i) => i);

  /* What stands behind "_" in a name or an equation, such as "c_t = f_t c_t−1", set as an index. */
  const indices = (text) =>
    text.split(/(\w_t(?:−1)?)/).map((part, i) =>
      i % 2 ? element("span", {}, element("i", {}, part[0]), element("sub", {}, part.slice(2))) : part);

  /* The unit whose state goes farthest from zero: a good one to watch first. */
  function fullest(states) {
    const reach = range(states[0].length).map((k) => Math.max(...states.map((state) => Math.abs(state[k]))));
    return reach.indexOf(Math.max(...reach));
  }

  class Player {
    constructor(data) {
      this.data = data;
      this.chosen = { cell: "lstm", sequence: 0, unit: fullest(data.lstm.sequences[0].gates.c), t: 0 };
      this.focus = 0; // row of the one cell that the Tab key reaches; its column is the chosen unit
      this.form = this.makeForm();
      this.buttons = this.makeButtons();
      this.strip = element("table", { class: "player-strip", "aria-label": "Steps" });
      this.grid = element("table", { class: "player-grid", role: "grid", "aria-label": "All units at this step" });
      this.answer = element("p", {});
      this.sentences = element("ul", {});
      this.said = element("div", { class: "player-said", role: "status" }, this.answer, this.sentences);
      this.arithmetic = element("div", { class: "player-arithmetic" });
      this.legend = element("p", { class: "player-legend" });
      this.strip.addEventListener("click", (event) => this.jump(event.target.closest("button")));
      this.strip.addEventListener("keydown", (event) => this.walk(event));
      this.grid.addEventListener("focusin", (event) => this.reach(event.target));
      this.grid.addEventListener("keydown", (event) => this.move(event));
      this.card = element(
        "section", { class: "demo-card gate-player", "aria-label": "Gate player" },
        this.form, this.buttons, element("div", { class: "player-scroll" }, this.strip),
        element("div", { class: "player-scroll" }, this.grid), this.said, this.arithmetic, this.legend);
      this.load();
    }

    makeForm() {
      const choice = (name, label, options) => {
        const made = options.map(([value, text]) => element("option", { value }, text));
        return element("label", {}, element("span", {}, label), element("select", { name }, ...made));
      };
      const form = element(
        "form", { "aria-label": "What to play" },
        choice("cell", "Cell", Object.keys(this.data).map((cell) => [cell, CELLS[cell].title])),
        choice("sequence", "Sequence", this.data.lstm.sequences.map(({ symbols }, i) => [i, symbols.join("")])),
        choice("unit", "Unit", range(this.data.lstm.units).map((k) => [k, String(k + 1)])),
        element("label", {}, element("input", { name: "numbers", type: "checkbox" }), "Numbers"));
      form.addEventListener("input", (event) => this.choose(event.target));
      form.addEventListener("submit", (event) => event.preventDefault());
      return form;
    }

    makeButtons() {
      const button = (name, label, press) => {
        const made = element("button", { type: "button", name }, label);
        made.addEventListener("click", press);
        return made;
      };
      return element(
        "div", { class: "player-buttons", role: "group", "aria-label": "Play" },
        button("first", "First", () => this.go(0)), button("back", "Back", () => this.go(this.chosen.t - 1)),
        button("play", "Play", () => (this.timer ? this.go(this.chosen.t) : this.play())),
        button("next", "Next", () => this.go(this.chosen.t + 1)));
    }

    get sequence() {
      return this.data[this.chosen.cell].sequences[this.chosen.sequence];
    }

    choose(control) {
      const { cell, sequence, unit, numbers } = this.form.elements;
      Object.assign(this.chosen, { cell: cell.value, sequence: Number(sequence.value), unit: Number(unit.value) });
      this.card.classList.toggle("with-numbers", numbers.checked);
      if (control === unit || control === numbers) return this.draw();
      this.pause();
      return this.load();
    }

    go(t) {
      this.pause();
      this.chosen.t = Math.min(Math.max(t, 0), this.sequence.symbols.length - 1);
      this.draw();
    }

    play() {
      if (this.chosen.t === this.sequence.symbols.length - 1) this.chosen.t = -1; // once more from the first step
      const advance = () => {
        this.chosen.t += 1;
        if (this.chosen.t === this.sequence.symbols.length - 1) this.pause();
        this.draw();
      };
      this.said.setAttribute("aria-live", "off"); // a listener is told where it stops, not each step on the way
      this.timer = setInterval(advance, PAUSE);
      this.buttons.querySelector("[name=play]").textContent = "Pause";
      advance();
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      this.said.removeAttribute("aria-live");
      this.buttons.querySelector("[name=play]").textContent = "Play";
    }

    /* Build both tables for the chosen cell and sequence; `draw` fills them. */
    load() {
      const { cell, t } = this.chosen;
      const { symbols, gates } = this.sequence;
      const { state, gates: names } = CELLS[cell];
      this.chosen.t = Math.min(t, symbols.length - 1);
      const groups = [["before", state], ["gates", names], ["after", state]];
      this.rows = groups.flatMap(([group, members]) => members.map((name) => ({ group, name })));
      this.focus = Math.min(this.focus, this.rows.length - 1);
      this.largest = Math.max(1, ...(gates.c ?? []).flat().map(Math.abs)); // for the cell state, which knows no bound

      const row = (name, cells) => element("tr", {}, element("th", { scope: "row" }, ...name), ...cells);
      const units = range(this.data[cell].units);
      this.grid.replaceChildren(
        element("thead", {}, element("tr", {}, element("th", { scope: "row" }, "unit"),
          ...units.map((k) => element("th", { scope: "col" }, String(k + 1))))),
        ...groups.map(([group, members]) => element("tbody", { class: `player-${group}` }, ...members.map((name) => {
          const place = this.rows.findIndex((each) => each.group === group && each.name === name);
          const symbol = indices(`${name}_t${group === "before" ? "−1" : ""}`);
          return row([element("span", { class: "player-name" }, `${NAMES[name]} `), ...symbol], units.map((k) =>
            element("td", { role: "gridcell", "data-row": place, "data-unit": k }, ...this.makeGauge(name))));
        }))));
      const [kept] = state;
      const button = (symbol, s) =>
        element("button", { type: "button", "data-t": s, "aria-label": `Step ${s + 1}: ${symbol}` }, symbol);
      const answer = (_, s) => {
        const { prediction, target } = step(cell, this.sequence, s);
        return prediction === target ? prediction : element("s", {}, prediction);
      };
      this.strip.replaceChildren(
        element("tbody", {},
          row(["reads"], symbols.map((...each) => element("td", {}, button(...each)))),
          row(indices(`${kept}_t`), symbols.map(() => element("td", { "data-kept": "" }, ...this.makeGauge(kept)))),
          row(["says"], symbols.map((...each) => element("td", {}, answer(...each))))));
      this.legend.textContent =
        "A gate fills its box from 0 to 1. What can be negative grows from the middle, up or down, to the edge at 1" +
        (gates.c ? `; for the cell state, which has no bound, the edge is at ${format(this.largest, 1)}.` : ".");
      this.draw();
    }

    makeGauge(name) {
      const kind = `player-gauge${SIGNED.has(name) ? " signed" : ""}`;
      return [element("span", { class: kind, "aria-hidden": "true" }), element("span", { class: "player-number" })];
    }

    setGauge(td, name, value) {
      td.firstChild.style.setProperty("--value", value / (name === "c" ? this.largest : 1));
      td.lastChild.textContent = format(value);
    }

    /* Fill both tables with the chosen step and unit, and say what it did. */
    draw() {
      const { cell, unit, t } = this.chosen;
      const { symbols, gates } = this.sequence;
      const now = step(cell, this.sequence, t);
      for (const td of this.grid.querySelectorAll("td")) {
        const { group, name } = this.rows[td.dataset.row];
        const k = Number(td.dataset.unit);
        const value = now[group][name][k];
        this.setGauge(td, name, value);
        const when = group === "before" ? " before" : "";
        td.setAttribute("aria-label", `${NAMES[name]} of unit ${k + 1}${when}: ${format(value)}`);
        td.setAttribute("tabindex", k === unit && Number(td.dataset.row) === this.focus ? 0 : -1);
        td.classList.toggle("chosen", k === unit);
      }
      const [kept] = CELLS[cell].state;
      [...this.strip.querySelectorAll("[data-kept]")].forEach((td, s) => this.setGauge(td, kept, gates[kept][s][unit]));
      for (const button of this.strip.querySelectorAll("button")) {
        const current = Number(button.dataset.t) === t;
        button.setAttribute("tabindex", current ? 0 : -1);
        if (current) button.setAttribute("aria-current", "step");
        else button.removeAttribute("aria-current");
        if (current) this.show(button);
      }
      this.form.elements.unit.value = unit;
      const ends = { first: t === 0, back: t === 0, next: t === symbols.length - 1 };
      for (const [name, isEnd] of Object.entries(ends)) { // not `disabled`, which would take the focus away
        this.buttons.querySelector(`[name=${name}]`).setAttribute("aria-disabled", isEnd);
      }

      const verdict = now.prediction === now.target ? "rightly" : `wrongly, for it is ${now.target}`;
      this.answer.textContent =
        `Step ${t + 1} of ${symbols.length} reads ${now.symbol}. The answer is ${now.prediction}, ${verdict}, ` +
        `with probability ${format(now.probability)}.`;
      this.sentences.replaceChildren(...sentences(cell, now, unit).map((text) => element("li", {}, text)));
      this.arithmetic.replaceChildren(...arithmetic(cell, now, unit).map(([equation, numbers]) =>
        element("p", {}, element("span", {}, ...indices(equation)), " ", element("span", {}, `= ${numbers}`))));
    }

    /* Scroll the strip, and nothing else, so that the current step is to be seen. */
    show(button) {
      const box = this.strip.parentElement;
      const middle = button.getBoundingClientRect().left - this.strip.getBoundingClientRect().left;
      box.scrollLeft = middle - box.clientWidth / 2;
    }

    jump(button) {
      if (button) this.go(Number(button.dataset.t));
    }

    walk(event) {
      const last = this.sequence.symbols.length - 1;
      const { t } = this.chosen;
      const to = { ArrowLeft: t - 1, ArrowRight: t + 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.go(to);
      this.strip.querySelector('[tabindex="0"]').focus();
    }

    reach(td) {
      this.focus = Number(td.dataset.row);
      this.chosen.unit = Number(td.dataset.unit);
      this.draw();
    }

    move(event) {
      const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!way) return;
      event.preventDefault();
      const [row, unit] = [this.focus + way[0], this.chosen.unit + way[1]];
      this.grid.querySelector(`[data-row="${row}"][data-unit="${unit}"]`)?.focus();
    }
  }

  window.rnnbook.gates = { step, sentences, arithmetic, format };
  demo("gate_player", (data) => new Player(data).card);
})();
