/* The beam tree: steps a beam search through the date converter's model, and draws all that it considers as a tree.
 *
 * `window.rnnbook.beam` is the logic beyond translator.js, pure functions that the tests compare with Python. Steps and
 * ranks are counted from 1 where a reader sees them.
 */
(() => {
  "use strict";

  const { element, demo, translator } = window.rnnbook;
  const { END, read, greedy, beamSearch, lengthPenalty, written, format, quote, share, isDay, sayUnknown } = translator;

  /* A beam search for what a text is written as, as `beamSearch` returns it, its settings, and beside it
   *
   * tokens and known, of what is read; nodes, the candidates of all steps; text, from a candidate's number to what it has
   * written; symbol, from a candidate to its last character or "end"; and greedy, what greedy decoding writes: its tokens,
   * text, total and score, and path, the numbers of the candidates that it goes through.
   */
  function search(model, text, { beam, alpha, limit }) {
    const memory = read(model, text);
    const found = beamSearch(model, memory, { beam, alpha, limit });
    const own = greedy(model, memory, limit);
    const tokens = own.map(({ token }) => token);
    const total = own.reduce((sum, { token, logP }) => sum + logP[token], 0);
    const path = [];
    for (const { candidates } of found.steps) {
      const parent = path.at(-1) ?? null;
      const next = candidates.find((each) => each.parent === parent && each.token === tokens[each.length - 1]);
      if (!next) break;
      path.push(next.number);
    }
    return {
      ...found,
      beam, alpha, limit,
      tokens: memory.tokens,
      known: memory.known,
      nodes: found.steps.flatMap(({ candidates }) => candidates),
      symbol: ({ token }) => (token === END ? "end" : model.target[token]),
      text: (number) => written(model, found.tokens(number)),
      greedy: { tokens, path, total, score: total / lengthPenalty(tokens.length, alpha), text: written(model, tokens) },
    };
  }

  /* The candidates from the first symbol to this one. */
  function branch(nodes, number) {
    return number === null ? [] : [...branch(nodes, nodes[number].parent), nodes[number]];
  }

  /* In words */

  const count = (candidates, fate) => candidates.filter((candidate) => candidate.fate === fate).length;
  const spelt = (text) => (text ? `“${text}”` : "the empty text");

  /* Where the hypothesis of greedy decoding is after so many steps. */
  function sayGreedy({ greedy: { path }, nodes, steps }, shown) {
    const at = nodes[path[Math.min(shown, path.length) - 1]];
    const rank = steps[at.length - 1].candidates.indexOf(at) + 1;
    if (at.fate === "dropped") return `What greedy decoding writes was dropped at step ${at.length}, at rank ${rank}.`;
    if (at.fate === "ended") return `What greedy decoding writes ended at step ${at.length}.`;
    return `Greedy decoding goes through rank ${rank}.`;
  }

  /* Why the search goes on, or stops. */
  function sayBound({ steps, reason, alpha, limit, text }, shown) {
    const { best, bound } = steps[shown - 1];
    const over = shown === steps.length;
    const ended = best
      ? `The best that has ended is ${spelt(text(best.number))}, with score ${format(best.score)}.` : "None has ended.";
    if (over && reason === "limit") return `${ended} With ${limit} symbols the greatest length is reached: the search stops.`;
    if (over && reason === "empty") return `${ended} None is alive: the search stops.`;
    if (!best) return `${ended} The search goes on.`;
    const most = alpha ? `, even with the penalty of ${limit} symbols` : "";
    return `${ended} What is alive can reach ${format(bound)} at most${most}: ` +
      (over ? "nothing better can come, and the search stops." : "something better may come, and the search goes on.");
  }

  /* What came of it, beside greedy decoding. */
  function sayResult(outcome) {
    const { nodes, result, text, greedy: own } = outcome;
    const { total, score, fate } = nodes[result];
    const found = text(result);
    const same = found === own.text && (fate === "ended") === (own.tokens.at(-1) === END);
    const chance = (logP) => share(Math.exp(logP));
    const verdict = same ? "Greedy decoding writes the same."
      : `Greedy decoding writes ${spelt(own.text)}, with probability ${chance(own.total)}, ` +
        `which is ${own.total < total ? "less" : "more"}.`;
    return [
      `Beam search writes ${spelt(found)}, with probability ${chance(total)} and score ${format(score)}. ${verdict}`,
      fate === "ended" ? "" : "It has not come to an end.",
      fate === "ended" && !isDay(found) ? "That is no day of the calendar." : "",
      sayUnknown(outcome),
    ].filter(Boolean);
  }

  /* What is to be said after so many steps. */
  function sayStep(outcome, shown) {
    if (!shown) return ["Nothing is written yet: the search starts from one empty hypothesis."];
    const { candidates } = outcome.steps[shown - 1];
    const [kept, ended, dropped] = ["kept", "ended", "dropped"].map((fate) => count(candidates, fate));
    return [
      ...(shown === outcome.steps.length ? sayResult(outcome) : []),
      `Step ${shown}: ${kept} kept, ${ended} ended, ${dropped} dropped.`,
      sayGreedy(outcome, shown),
      sayBound(outcome, shown),
    ];
  }

  /* How the numbers of a candidate come about. */
  function sayNode({ nodes, alpha, steps, text }, number) {
    const node = nodes[number];
    const rank = steps[node.length - 1].candidates.indexOf(node) + 1;
    const parts = branch(nodes, number).map(({ logP }) => format(logP)).join(" + ").replaceAll("+ −", "− ");
    const score = alpha
      ? ` Divided by ${format(lengthPenalty(node.length, alpha))}, the penalty of ${node.length} symbols, its score is ` +
        `${format(node.score)}.` : "";
    return [
      `${spelt(text(number))}${node.fate === "ended" ? " and the end" : ""}: step ${node.length}, rank ${rank}, ${node.fate}.`,
      `Log probability ${parts}${node.length > 1 ? ` ≈ ${format(node.total)}` : ""}.${score}`,
    ];
  }

  /* The page */

  const WIDTHS = [1, 2, 3, 4, 5];
  const FIRST_WIDTH = 3;
  const EDGE = 0.15; // of a column, left free on both sides of a candidate

  function svg(tag, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  class Tree {
    constructor(model, { limit, alpha, examples }) {
      Object.assign(this, { model, limit, alpha });
      this.width = element("select", { name: "width" }, ...WIDTHS.map((beam) => element("option", {}, beam)));
      this.width.value = FIRST_WIDTH;
      this.penalty = element("input", { name: "penalty", type: "checkbox", checked: "" });
      const { form, set } = translator.makeForm(examples, (text, typing) => this.read(text, typing),
        element("label", {}, element("span", {}, "Beam width"), this.width),
        element("label", {}, this.penalty, `Length penalty, α = ${alpha}`));
      this.steps = translator.makeSteps(["Start anew", "Back", "Next step", "To the end"], (shown) => this.go(shown));
      this.said = element("div", { class: "translator-said", role: "status" });
      this.tree = element("div", { class: "beam-tree-nodes" });
      this.scroll = element("div", { class: "beam-tree-scroll", role: "group", "aria-label": "The tree" }, this.tree);
      this.detail = element("div", { class: "translator-detail" });
      this.table = element("table", {});
      this.all = element("details", {}, element("summary", {}, "This step’s candidates in numbers"),
        element("div", { class: "translator-numbers", role: "region", "aria-label": "Candidates", tabindex: 0 }, this.table));
      this.parts = [
        form, this.steps.group, this.said, this.scroll, this.detail, this.all,
        element("p", { class: "translator-legend" },
          "A column for each step, the most probable candidate at the top, each with the log probability of all its " +
          "symbols so far. A solid frame: kept in the beam. A double frame: ended. A dashed one: dropped. The thick " +
          "dashed line is the way of greedy decoding; the thick solid one, at the end, leads to the result. On dates such as it " +
          "has learnt from, the network is so sure that both write the same. Where something is missing, they may differ."),
      ];
      for (const control of [this.width, this.penalty]) control.addEventListener("input", () => this.read(this.text, false));
      for (const kind of ["pointerover", "focusin", "click"]) {
        this.tree.addEventListener(kind, ({ target }) => {
          const button = target.closest("button");
          if (button) this.choose(Number(button.dataset.number));
        });
      }
      this.tree.addEventListener("keydown", (event) => this.walk(event));
      this.all.addEventListener("toggle", () => this.tabulate());
      set(examples[0].text);
    }

    read(text, typing) {
      this.text = text;
      const alpha = this.penalty.checked ? this.alpha : 0;
      this.outcome = search(this.model, text, { beam: Number(this.width.value), alpha, limit: this.limit });
      this.show(this.outcome.steps.length);
      if (!typing) this.say();
    }

    go(shown) {
      this.show(shown);
      this.say();
    }

    say() {
      const [first, ...rest] = sayStep(this.outcome, this.shown);
      this.said.replaceChildren(...translator.paragraphs([first, rest.join(" ")]));
    }

    /* Draw so many steps, with the best candidate of the last one chosen; at the end, the result. */
    show(shown) {
      const { outcome } = this;
      const { steps, result } = outcome;
      this.shown = shown;
      this.steps.set(shown, steps.length);
      const over = shown === steps.length;
      const seen = steps.slice(0, shown).flatMap(({ candidates }) => candidates);
      this.buttons = seen.map((node) => this.makeNode(node));
      const start = element("span", { class: "beam-tree-start", style: "--column: 1; --row: 1" }, "start");
      this.tree.replaceChildren(this.makeEdges(seen, over), start, ...this.buttons);
      this.choose(over ? result : (steps[shown - 1]?.candidates[0].number ?? null));
      const button = this.buttons[this.chosen];
      if (button) this.scroll.scrollLeft = button.offsetLeft - this.scroll.clientWidth / 2;
      this.tabulate();
    }

    rank(node) {
      return this.outcome.steps[node.length - 1].candidates.indexOf(node);
    }

    makeNode(node) {
      const symbol = this.outcome.symbol(node);
      return element("button", {
        type: "button",
        class: node.fate,
        "data-number": node.number,
        style: `--column: ${node.length + 1}; --row: ${this.rank(node) + 1}`,
        "aria-label": `Step ${node.length}, rank ${this.rank(node) + 1}: ${symbol}, ${node.fate}, ${format(node.total)}`,
      }, element("b", {}, symbol), element("span", {}, format(node.total)));
    }

    /* A line from each candidate's parent, in a grid of one unit a step and a rank. */
    makeEdges(seen, over) {
      const { nodes, greedy: own, result } = this.outcome;
      const rows = Math.max(1, ...seen.map((node) => this.rank(node) + 1));
      const line = (node) => {
        const parent = nodes[node.parent];
        return `M${node.length - EDGE} ${(parent ? this.rank(parent) : 0) + 0.5}L${node.length + EDGE} ${this.rank(node) + 0.5}`;
      };
      const path = (name, some) => svg("path", { class: name, d: some.map(line).join("") });
      const chosen = over ? branch(nodes, result) : [];
      const edges = svg("svg", {
        viewBox: `0 0 ${this.shown + 1} ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true",
      });
      edges.append(
        path("dropped", seen.filter(({ fate }) => fate === "dropped")),
        path("kept", seen.filter(({ fate }) => fate !== "dropped")),
        path("result", chosen),
        path("greedy", own.path.filter((number) => number < seen.length).map((number) => nodes[number])));
      this.tree.style.setProperty("--columns", this.shown + 1);
      this.tree.style.setProperty("--rows", rows);
      return edges;
    }

    choose(number) {
      this.chosen = number;
      translator.makeCurrent(this.buttons, this.buttons[number]);
      this.detail.replaceChildren(...translator.paragraphs(number === null ? [] : sayNode(this.outcome, number)));
    }

    /* Left is to the parent, right to the best continuation, up and down to the neighbours in rank. */
    walk(event) {
      const { nodes, steps } = this.outcome;
      const node = nodes[this.chosen];
      const beside = (way) => steps[node.length - 1].candidates[this.rank(node) + way];
      const moves = {
        ArrowLeft: () => nodes[node.parent],
        ArrowRight: () => nodes.find(({ parent }) => parent === node.number),
        ArrowUp: () => beside(-1),
        ArrowDown: () => beside(1),
      };
      if (!(event.key in moves)) return;
      event.preventDefault();
      this.buttons[moves[event.key]()?.number]?.focus();
    }

    /* The last step's candidates as text, for those who ask for it. */
    tabulate() {
      if (!this.all.open) return;
      const heads = ["hypothesis", "ln p of the last symbol", "log probability", "score", "fate"];
      const candidates = this.outcome.steps[this.shown - 1]?.candidates ?? [];
      const rows = candidates.map((node) => element("tr", {},
        element("th", { scope: "row" }, this.outcome.text(node.number) + (node.token === END ? " end" : "")),
        ...[format(node.logP), format(node.total), format(node.score), node.fate].map((text) => element("td", {}, text))));
      this.table.replaceChildren(
        element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, ...rows));
    }
  }

  window.rnnbook.beam = { search, branch, sayStep, sayNode };
  demo("beam_tree", (data) =>
    translator.card("beam-tree", "Beam tree", data.model, (model) => new Tree(model, data).parts));
})();
