/* The date converter: a small translator with attention writes a date as ISO 8601 does, and shows where it looks.
 *
 * `window.rnnbook.dates` is the logic beyond translator.js, pure functions that the tests compare with Python. Characters
 * and steps are counted from 1 where a reader sees them.
 */
(() => {
  "use strict";

  const { element, demo, translator } = window.rnnbook;
  const { END, read, largest, greedy, written, quote, share, isDay, sayUnknown } = translator;

  const CHOICES = 3; // of the next character, that are told

  /* What the model makes of a text: the characters it reads, and for each step what it writes.
   *
   * A step has token, the character or "end", probability, choices, the most probable characters as [token, probability],
   * and weights, where it looks. ended says whether the end came before the greatest length.
   */
  function convert(model, text, limit) {
    const memory = read(model, text);
    const found = greedy(model, memory, limit);
    const name = (id) => (id === END ? "end" : model.target[id]);
    const steps = found.map(({ token, logP, weights }) => ({
      token: name(token),
      probability: Math.exp(logP[token]),
      choices: largest(logP, CHOICES).map((id) => [name(id), Math.exp(logP[id])]),
      weights,
    }));
    const ids = found.map(({ token }) => token);
    return {
      tokens: memory.tokens,
      known: memory.known,
      steps,
      text: written(model, ids),
      ended: ids.at(-1) === END,
      logP: found.reduce((sum, { token, logP }) => sum + logP[token], 0),
    };
  }

  /* In words */

  const called = (token) => (token === "end" ? "the end" : quote(token));

  /* What is to be said of the whole answer. */
  function sayAll(outcome) {
    const { text, ended, steps, logP } = outcome;
    const unsure = steps.reduce((least, step, t) => (step.probability < steps[least].probability ? t : least), 0);
    const { token, choices } = steps[unsure];
    return [
      `The network writes ${text || "nothing"}, with probability ${share(Math.exp(logP))}.`,
      ended ? "" : `It has not come to an end after ${steps.length} characters, and is stopped.`,
      ended && !isDay(text) ? "That is no day of the calendar." : "",
      sayUnknown(outcome),
      `It is least sure at step ${unsure + 1}, ${called(token)}, with probability ${share(choices[0][1])}; ` +
        `the next best is ${called(choices[1][0])}, with ${share(choices[1][1])}.`,
    ].filter(Boolean);
  }

  /* What is to be said of one step. */
  function sayStep({ tokens, steps }, t) {
    const { token, choices, weights } = steps[t];
    const [, ...others] = choices.map(([each, p]) => `${called(each)} ${share(p)}`);
    const looks = largest([...weights], 3).map((s) => `${quote(tokens[s])} (character ${s + 1}) ${share(weights[s])}`);
    return [
      `Step ${t + 1} writes ${called(token)}, with probability ${share(choices[0][1])}; next come ${others.join(" and ")}.`,
      `Most attention: ${looks.join(", ")}.`,
    ];
  }

  /* The page */

  class Converter {
    constructor(model, { limit, examples }) {
      Object.assign(this, { model, limit });
      this.numbers = element("input", { name: "numbers", type: "checkbox" });
      const { form, set } = translator.makeForm(examples, (text, typing) => this.convert(text, typing),
        element("label", {}, this.numbers, "Attention in numbers"));
      this.steps = translator.makeSteps(["Start anew", "Back", "Next character", "All at once"], (shown) => this.go(shown));
      this.answer = element("p", { class: "converter-answer" });
      this.said = element("div", { class: "translator-said", role: "status" });
      this.table = element("table", {});
      this.detail = element("div", { class: "translator-detail" });
      this.parts = [
        form, this.steps.group, this.answer, this.said,
        element("div", { class: "converter-scroll", role: "region", "aria-label": "Attention", tabindex: 0 }, this.table),
        this.detail,
        element("p", { class: "translator-legend" },
          "A row for each character that is written, a column for each one that is read. The fuller a cell’s shade, the " +
          "more attention the character gets at that step; a row’s shares sum to 1. A dashed line and a question mark: " +
          "a character that the network has not learnt to read."),
      ];
      this.numbers.addEventListener("input", () => this.table.classList.toggle("with-numbers", this.numbers.checked));
      for (const kind of ["pointerover", "focusin", "click"]) {
        this.table.addEventListener(kind, ({ target }) => this.reach(target.closest("tbody tr")));
      }
      this.table.addEventListener("keydown", (event) => this.walk(event));
      set(examples[0].text);
    }

    convert(text, typing) {
      this.outcome = convert(this.model, text, this.limit);
      const { tokens, known, steps } = this.outcome;
      const heads = tokens.map((token, s) =>
        element("th", { scope: "col", class: known[s] ? null : "unknown" }, token === " " ? "␣" : token || "(nothing)"));
      const rows = steps.map(({ token, weights }, t) => element("tr", { "data-t": t, hidden: "" },
        element("th", { scope: "row" }, element("button", { type: "button", "aria-label": `Step ${t + 1}: ${token}` }, token)),
        ...[...weights].map((weight) => element("td", { style: `--weight: ${weight.toFixed(4)}` },
          element("span", {}, share(weight))))));
      this.table.replaceChildren(
        element("thead", {}, element("tr", {}, element("th", {}, "reads"), ...heads)), element("tbody", {}, ...rows));
      this.rows = rows;
      this.show(steps.length);
      if (!typing) this.say();
    }

    go(shown) {
      this.show(shown);
      this.say();
    }

    /* Show so many steps, with the last one chosen. */
    show(shown) {
      const { steps, text } = this.outcome;
      this.shown = shown;
      this.steps.set(shown, steps.length);
      this.rows.forEach((row, t) => row.toggleAttribute("hidden", t >= shown));
      this.answer.textContent = text.slice(0, shown) || "…";
      this.choose(shown - 1);
    }

    say() {
      const { steps } = this.outcome;
      const sentences = this.shown === steps.length ? sayAll(this.outcome)
        : this.shown ? sayStep(this.outcome, this.shown - 1) : ["Nothing is written yet."];
      const [first, ...rest] = sentences;
      this.said.replaceChildren(...translator.paragraphs([first, rest.join(" ")]));
    }

    choose(t) {
      this.chosen = t;
      translator.makeCurrent(this.rows.map((row) => row.querySelector("button")), this.rows[t]?.querySelector("button"));
      this.detail.replaceChildren(...translator.paragraphs(t < 0 ? [] : sayStep(this.outcome, t)));
    }

    reach(row) {
      if (row) this.choose(Number(row.dataset.t));
    }

    walk(event) {
      const last = this.shown - 1;
      const to = { ArrowUp: this.chosen - 1, ArrowDown: this.chosen + 1, Home: 0, End: last }[event.key];
      if (to === undefined || !event.target.closest("tbody")) return;
      event.preventDefault();
      this.rows[Math.min(Math.max(to, 0), last)].querySelector("button").focus();
    }
  }

  window.rnnbook.dates = { convert, sayAll, sayStep };
  demo("date_converter", (data) =>
    translator.card("date-converter", "Date converter", data.model, (model) => new Converter(model, data).parts));
})();
