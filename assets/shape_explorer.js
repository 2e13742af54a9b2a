/* The shape explorer: which of a recurrent layer's states `output` holds, which `h_n` holds, and under which indices.
 *
 * It takes the place of the static figure that rnnbook.drawing("shapes") leaves in the page. Without JavaScript, and in
 * print, that figure stands. `window.rnnbook.shapes` is the whole logic, a pure function that the tests compare with torch.
 */
(() => {
  "use strict";

  const START = {
    layers: 2, directions: 1, batchFirst: true, batch: 3, time: 5, input: 5, hidden: 20, ragged: false, row: 0,
  };

  /* What torch makes of a layer's settings.
   *
   * settings: layers, directions (1 or 2), batchFirst, batch, time, input, hidden, ragged; see START.
   * Returns the shapes of x, h_0, output and h_n as arrays; lengths, one for each sequence; code, as lines of Python;
   * and cells, one for each state (layer, direction, b, t) with
   *   valid   whether the sequence has a token there
   *   output  [first index, second index, from, to], the slice of output that holds it, or null. Where the cell is not
   *           valid this slice holds zeros
   *   h_n     [first index, second index] of h_n that holds it, or null
   */
  function shapes(settings) {
    const { layers, directions, batchFirst, batch, time, input, hidden, ragged } = settings;
    const order = (b, t) => (batchFirst ? [b, t] : [t, b]);
    const lengths = Array.from({ length: batch }, (_, b) => time - (ragged ? Math.floor((b * time) / batch) : 0));
    const cells = [];
    for (let layer = 0; layer < layers; layer++) {
      for (let direction = 0; direction < directions; direction++) {
        for (let b = 0; b < batch; b++) {
          const last = direction === 0 ? lengths[b] - 1 : 0; // the backward pass ends at the first token
          for (let t = 0; t < time; t++) {
            const inOutput = layer === layers - 1;
            cells.push({
              layer, direction, b, t,
              valid: t < lengths[b],
              output: inOutput ? [...order(b, t), direction * hidden, (direction + 1) * hidden] : null,
              h_n: t === last ? [layer * directions + direction, b] : null,
            });
          }
        }
      }
    }
    const state = [layers * directions, batch, hidden]; // batch_first leaves it as it is
    return {
      x: [...order(batch, time), input],
      h_0: state,
      output: [...order(batch, time), directions * hidden],
      h_n: state,
      lengths,
      cells,
      code: code(settings, lengths),
    };
  }

  function code({ layers, directions, batchFirst, input, hidden, ragged }, lengths) {
    const first = batchFirst ? ", batch_first=True" : "";
    const layer =
      `rnn = nn.RNN(input_size=${input}, hidden_size=${hidden}` + (layers > 1 ? `, num_layers=${layers}` : "") +
      (directions > 1 ? ", bidirectional=True" : "") + first + ")";
    if (!ragged) return [layer, "output, h_n = rnn(x, h_0)"];
    return [
      layer,
      `packed = pack_padded_sequence(x, [${lengths.join(", ")}]${first})`,
      "packed, h_n = rnn(packed, h_0)",
      `output, lengths = pad_packed_sequence(packed${first})`,
    ];
  }

  /* One state in words: what it is, and where torch keeps it. */
  function describe(cell, { directions, hidden }) {
    const name = `Layer ${cell.layer}${directions > 1 ? (cell.direction ? ", backward" : ", forward") : ""}, t = ${cell.t}`;
    const slice = directions > 1 ? (cell.direction ? `, ${hidden}:` : `, :${hidden}`) : "";
    const output = cell.output && `output[${cell.output[0]}, ${cell.output[1]}${slice}]`;
    const h_n = cell.h_n && `h_n[${cell.h_n.join(", ")}]`;
    let where = "in neither: the layer keeps it to itself";
    if (!cell.valid) where = output ? `padding: ${output} is zero` : "padding: never computed";
    else if (output && h_n) where = `${output} and ${h_n}, the same numbers`;
    else if (output || h_n) where = output || h_n;
    return `${name}: ${where}.`;
  }

  function notes({ directions, batchFirst, ragged, layers }) {
    const all = [];
    if (batchFirst) all.push("batch_first moves the batch axis of x and output. The states h_0 and h_n stay as they are.");
    else all.push("Without batch_first the time axis of x and output comes first.");
    if (layers > 1 || directions > 1) {
      const stride = directions > 1 ? "layer × 2 + direction" : "the layer";
      all.push(`The first index of h_n is ${stride}. Only the top layer is in output.`);
    }
    if (directions > 1) {
      all.push("The backward pass ends at t = 0, where h_n takes its state. At the last step it has read one token only.");
    }
    if (ragged) all.push("h_n holds each sequence's own last valid step. Beyond it, output is zero.");
    return all;
  }

  const shape = (sizes) => `(${sizes.join(", ")})`;

  /* The page */

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value != null) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  class Explorer {
    constructor(figure) {
      this.settings = { ...START };
      this.focus = [0, 0]; // row and step of the one cell that the Tab key reaches; arrow keys go on from there
      this.controls = this.makeControls();
      this.code = element("pre");
      this.shapes = element("div", { class: "explorer-shapes", role: "status", "aria-label": "Shapes" });
      this.grid = element("table", { role: "grid", "aria-label": "States of one sequence" });
      this.detail = element("p", { class: "explorer-detail" });
      this.notes = element("ul", { class: "explorer-notes" });
      this.grid.addEventListener("mouseover", (event) => this.point(event.target.closest("[data-row]")));
      this.grid.addEventListener("focusin", (event) => this.reach(event.target));
      this.grid.addEventListener("keydown", (event) => this.move(event));
      figure.before(element(
        "section", { class: "demo-card shape-explorer", "aria-label": "Shape explorer" },
        this.controls, this.code, this.shapes,
        element("div", { class: "explorer-picture" }, element("div", {}, this.grid), this.makeLegend()),
        this.detail, this.notes,
      ));
      figure.classList.add("has-explorer");
      this.update();
    }

    makeControls() {
      const choice = (name, label, from, to) => {
        const select = element("select", { name }, ...range(from, to).map((n) => element("option", {}, String(n))));
        return element("label", {}, element("span", {}, label), select);
      };
      const size = (name, label) =>
        element("label", {}, element("span", {}, label),
          element("input", { name, type: "number", min: 1, max: 1024, step: 1, required: "" }));
      const toggle = (name, label) => element("label", {}, element("input", { name, type: "checkbox" }), label);
      const form = element(
        "form", { "aria-label": "Settings of the layer and of the batch" },
        choice("layers", "Layers", 1, 4), choice("batch", "Batch size", 1, 4), choice("time", "Time steps", 2, 8),
        size("input", "Input size"), size("hidden", "Hidden size"), choice("row", "Sequence b", 0, 3),
        toggle("bidirectional", "Two directions"), toggle("batchFirst", "batch_first"),
        toggle("ragged", "Ragged, packed"),
      );
      const { elements } = form;
      for (const name of ["layers", "batch", "time", "input", "hidden", "row"]) elements[name].value = START[name];
      elements.bidirectional.checked = START.directions === 2;
      for (const name of ["batchFirst", "ragged"]) elements[name].checked = START[name];
      form.addEventListener("input", () => this.update());
      form.addEventListener("submit", (event) => event.preventDefault());
      return form;
    }

    makeLegend() {
      const item = (kind, text, meaning) =>
        element("li", {}, element("span", { class: `state ${kind}`, "aria-hidden": "true" }, text), meaning);
      return element("ul", { class: "explorer-legend", "aria-label": "Legend" },
        item("in-output", "o", "in output"), item("in-h_n", "h", "in h_n"),
        item("in-output in-h_n", "oh", "in both"), item("", "", "in neither"), item("padding", "", "padding"));
    }

    update() {
      const { elements } = this.controls;
      for (const name of ["layers", "batch", "time", "input", "hidden"]) {
        if (elements[name].validity.valid) this.settings[name] = Number(elements[name].value);
      }
      this.settings.directions = elements.bidirectional.checked ? 2 : 1;
      for (const name of ["batchFirst", "ragged"]) this.settings[name] = elements[name].checked;
      for (const option of elements.row.options) option.disabled = Number(option.value) >= this.settings.batch;
      if (elements.row.selectedOptions[0].disabled) elements.row.value = 0;
      this.settings.row = Number(elements.row.value);
      this.draw(shapes(this.settings));
    }

    draw(result) {
      const { layers, directions, time, row } = this.settings;
      const holders = { output: "in-output", h_n: "in-h_n" };
      this.code.replaceChildren(...result.code.map((line) => element("code", {}, line)));
      this.shapes.replaceChildren(
        ...["x", "h_0", "output", "h_n"].map((name) =>
          element("div", {}, element("code", { class: holders[name] }, name), " ", shape(result[name]))));
      this.notes.replaceChildren(...notes(this.settings).map((note) => element("li", {}, note)));

      const cells = result.cells.filter((cell) => cell.b === row);
      this.rows = range(1, layers).flatMap((height) => // the top layer stands on top
        range(0, directions - 1).map((direction) =>
          cells.filter((cell) => cell.layer === layers - height && cell.direction === direction)));
      const steps = range(0, time - 1);
      const tokens = steps.map((t) => (t < result.lengths[row] ? ["x", "token"] : ["", "token padding"]));
      this.grid.replaceChildren(
        element("tbody", {},
          ...this.rows.map((states, i) => this.makeRow(states, i)),
          element("tr", {}, element("th", { scope: "row" }, "x"),
            ...tokens.map(([text, kind]) => element("td", {}, element("span", { class: kind }, text))))),
        element("tfoot", {}, element("tr", {}, element("th", { scope: "row" }, "t"),
          ...steps.map((t) => element("th", { scope: "col" }, String(t))))));
      this.reach(this.at(Math.min(this.focus[0], this.rows.length - 1), Math.min(this.focus[1], time - 1)));
    }

    makeRow(states, i) {
      const [{ layer, direction }] = states;
      const two = this.settings.directions > 1;
      const arrow = two ? element("span", { "aria-hidden": "true" }, direction ? " ←" : " →") : "";
      const spoken = two ? element("span", { class: "sr-only" }, direction ? " backward" : " forward") : "";
      return element("tr", { class: direction ? null : "explorer-layer" },
        element("th", { scope: "row" }, `layer ${layer}`, arrow, spoken),
        ...states.map((cell) => {
          const text = cell.valid ? (cell.output ? "o" : "") + (cell.h_n ? "h" : "") : cell.output ? "0" : "";
          const kinds = ["state", cell.output && "in-output", cell.h_n && "in-h_n", !cell.valid && "padding"];
          return element("td",
            { role: "gridcell", tabindex: -1, "data-row": i, "data-t": cell.t, "aria-label": describe(cell, this.settings) },
            element("span", { class: kinds.filter(Boolean).join(" ") }, text));
        }));
    }

    at(row, t) {
      return this.grid.querySelector(`[data-row="${row}"][data-t="${t}"]`);
    }

    /* Say where the state under the pointer or the focus is kept. */
    point(td) {
      if (!td) return;
      this.grid.querySelector(".pointed")?.classList.remove("pointed");
      td.classList.add("pointed");
      const parts = describe(this.rows[td.dataset.row][td.dataset.t], this.settings).split(/(\w+\[.*?\])/);
      this.detail.replaceChildren(...parts.map((part, i) => (i % 2 ? element("code", {}, part) : part)));
    }

    reach(td) {
      this.grid.querySelector('[tabindex="0"]')?.setAttribute("tabindex", -1);
      td.setAttribute("tabindex", 0);
      this.focus = [Number(td.dataset.row), Number(td.dataset.t)];
      this.point(td);
    }

    move(event) {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!step) return;
      event.preventDefault();
      this.at(this.focus[0] + step[0], this.focus[1] + step[1])?.focus();
    }
  }

  window.rnnbook = { ...window.rnnbook, shapes };
  for (const figure of document.querySelectorAll('figure[data-drawing="shapes"]')) new Explorer(figure);
})();
