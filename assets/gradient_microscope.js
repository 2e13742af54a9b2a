/* The gradient microscope: how strongly the loss depends on each step, for recurrent networks before training.
 *
 * The norms come with the page, from rnnbook.demo("gradient_microscope"): log10, by lag, the last step first.
 * `window.rnnbook.microscope` is the whole logic, a pure function that the tests compare with Python.
 */
(() => {
  "use strict";

  const START = { cell: "rnn", bias: null, of: "inputs", clipped: false, weights: "default" };
  const ABOUT_C =
    "In an LSTM most of the gradient takes the way through the cell states, past the hidden ones. How long something " +
    "matters is told by the gradient of the inputs.";
  const MEMORY = { inputs: "memory", norms: "state_memory" };

  /* What there is to see.
   *
   * data: steps; cells, by name, with title, gate (null without one) and settings: for each its weights and bias; norms
   *   and inputs, two curves; memory, state_memory and gradient, one for each seed.
   * choice: cell; bias; of, "inputs" (dL/dx) or "norms" (dL/dh); clipped; weights, the chosen row; t, from 1 on.
   * Returns rows, one for each setting with the chosen bias, with
   *   weights   its name
   *   values    log10 of the norms, from the first step to the last
   *   memory    steps that the gradient reaches back, the median over seeds, with lowest and highest
   *   gradient  log10 of the norm of the gradient of all weights
   * and chosen, the index of the chosen row; and sentences about that row: memory, step, clipping, note.
   */
  function microscope(data, choice) {
    const { settings } = data.cells[choice.cell];
    const rows = settings.filter(({ bias }) => bias === choice.bias).map((setting) => {
      const factor = choice.clipped ? -Math.max(0, median(setting.gradient)) : 0;
      const memory = [...setting[MEMORY[choice.of]]].sort((a, b) => a - b);
      return {
        weights: setting.weights,
        values: setting[choice.of].map((value) => value + factor).reverse(),
        memory: { median: median(memory), lowest: memory[0], highest: memory.at(-1), seeds: memory.length },
        gradient: median(setting.gradient),
      };
    });
    const chosen = Math.max(0, rows.findIndex(({ weights }) => weights === choice.weights));
    const row = rows[chosen];
    return {
      rows,
      chosen,
      sentences: {
        memory: sayMemory(row, choice.of, data.steps),
        step: sayStep(row, choice, data.steps),
        clipping: choice.clipped ? sayClipping(row) : "",
        note: choice.cell === "lstm" && choice.of === "norms" ? ABOUT_C : "",
      },
    };
  }

  function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length / 2;
    return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  const times = (exponent) => `${power(exponent)} times`;

  /* 10 to the power of an exponent: "0.35", "42", "3.2·10⁻⁸". */
  function power(exponent) {
    if (exponent > -2.5 && exponent < 3) return String(Number((10 ** exponent).toPrecision(2)));
    let whole = Math.floor(exponent);
    let digits = (10 ** (exponent - whole)).toFixed(1);
    if (digits === "10.0") [whole, digits] = [whole + 1, "1.0"];
    const superscript = [...String(whole)].map((sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign])).join("");
    return `${digits}·10${superscript}`;
  }

  function sayMemory({ memory, values }, of, steps) {
    const what = `A small change of ${of === "inputs" ? "an input" : "a hidden state"}`;
    const { median: reach, lowest, highest, seeds } = memory;
    if (reach < steps - 1) {
      const spread = lowest === highest ? lowest : `${lowest} to ${highest}`;
      return `${what} more than ${reach} steps before the last changes the loss by less than 1\u00a0% of what it ` +
        `does at the last step (${spread} over ${seeds} seeds).`;
    }
    const ratio = values[0] - values[steps - 1];
    const much = ratio < 0 ? "by more than 1\u00a0% of what it does" : `${times(ratio)} as much as`;
    return `${what} at the first step, ${steps - 1} before the last, still changes the loss ${much} at the last step.`;
  }

  function sayClipping({ gradient }) {
    const norm = `The gradient of all weights together has the norm ${power(gradient)}`;
    return gradient > 0
      ? `${norm}. Clipped to 1, it is multiplied by ${power(-gradient)}, and so is the row: no step gains on another.`
      : `${norm}. That is not above 1: clipping changes nothing, and what has vanished stays vanished.`;
  }

  function sayStep({ values }, { of, t }, steps) {
    const [value, last] = [values[t - 1], values[steps - 1]];
    const norm = `the norm of ${of === "inputs" ? "dL/dx" : "dL/dh"} is ${power(value)}`;
    if (t === steps) return `Step ${t}, the last: ${norm}.`;
    return `Step ${t}, ${steps - t} before the last: ${norm}, ${times(value - last)} the last step’s.`;
  }

  /* Colour of a norm: none below 10⁻⁸, full blue at 1, orange at 10⁴ and above, as [red, green, blue, alpha]. */
  const LOWEST = -8;
  const HIGHEST = 4;
  const BLUE = [37, 99, 245];
  const ORANGE = [232, 108, 0];

  function colour(value) {
    const above = Math.min(1, Math.max(0, value / HIGHEST));
    const alpha = Math.min(1, Math.max(0, 1 - value / LOWEST));
    return [...BLUE.map((part, i) => Math.round(part + above * (ORANGE[i] - part))), Math.round(255 * alpha)];
  }

  /* The page */

  const { element, demo } = window.rnnbook;

  /* A row of colours, one pixel for each value; the style sheet makes it as wide as the page. */
  function strip(values) {
    const canvas = element("canvas", { width: values.length, height: 1, "aria-hidden": "true" });
    const pixels = new ImageData(new Uint8ClampedArray(values.flatMap(colour)), values.length, 1);
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    return canvas;
  }

  class Microscope {
    constructor(data) {
      this.data = data;
      this.choice = { ...START, t: Math.round(data.steps / 2) };
      this.form = this.makeForm();
      this.rows = element("div", { class: "microscope-rows", role: "radiogroup", "aria-label": "Recurrent weights" });
      this.memory = element("output", { class: "microscope-memory" });
      this.step = element("p", {});
      this.clipping = element("p", {});
      this.note = element("p", {});
      this.form.append(element("div", { class: "microscope-plot" }, this.rows, this.makeAxis()));
      this.rows.addEventListener("pointerdown", (event) => this.point(event));
      this.rows.addEventListener("pointermove", (event) => event.buttons && this.point(event));
      this.card = element(
        "section", { class: "demo-card gradient-microscope", "aria-label": "Gradient microscope" },
        this.form, this.makeLegend(), this.memory, this.step, this.clipping, this.note);
      this.load();
    }

    makeForm() {
      const choice = (name, label, options) =>
        element("label", {}, element("span", {}, label),
          element("select", { name }, ...options.map(([value, text]) => element("option", { value }, text))));
      const form = element(
        "form", { "aria-label": "What to look at" },
        element("div", { class: "microscope-choices" },
          choice("cell", "Cell", Object.entries(this.data.cells).map(([name, { title }]) => [name, title])),
          choice("bias", "", []),
          choice("of", "Gradient of", [["inputs", "inputs x"], ["norms", "hidden states h"]]),
          element("label", {}, element("input", { name: "clipped", type: "checkbox" }), "Clip the norm to 1")));
      form.addEventListener("input", (event) => this.choose(event.target));
      form.addEventListener("submit", (event) => event.preventDefault());
      return form;
    }

    /* Below the rows: the chosen step, and numbers of steps. */
    makeAxis() {
      const { steps } = this.data;
      const slider = element("input",
        { name: "t", type: "range", min: 1, max: steps, value: this.choice.t, "aria-label": "Step" });
      const ticks = [1, ...[1, 2, 3, 4].map((quarter) => Math.round((quarter * steps) / 4))];
      return element("div", { class: "microscope-axis" },
        element("span", { "aria-hidden": "true" }, "step"), slider,
        element("div", { class: "microscope-ticks", "aria-hidden": "true" }, ...ticks.map((t) =>
          element("span", { style: `--at: ${(t - 0.5) / steps}` }, String(t)))));
    }

    makeLegend() {
      const samples = Array.from({ length: 97 }, (_, i) => LOWEST + (i * (HIGHEST - LOWEST)) / 96);
      const label = "Norms from 10⁻⁸ or less, without colour, over 1, blue, to 10⁴ or more, orange. " +
        "A line in a row stands where less than 1 % of the last step’s norm is left.";
      return element("div", { class: "microscope-legend", role: "img", "aria-label": label },
        element("span", {}, "norm"),
        element("span", { class: "microscope-scale" }, strip(samples), ...[["10⁻⁸", 0], ["1", 8 / 12], ["10⁴", 1]].map(
          ([text, at]) => element("span", { style: `--at: ${at}` }, text))),
        element("span", { class: "microscope-sample" }, "less than 1\u00a0% of the last"));
    }

    choose(control) {
      const { cell, bias, of, clipped, weights, t } = this.form.elements;
      this.choice = {
        cell: cell.value,
        bias: bias.value === "" ? null : Number(bias.value),
        of: of.value,
        clipped: clipped.checked,
        weights: weights.value,
        t: Number(t.value),
      };
      if (control === cell) this.load();
      else this.draw();
    }

    /* Offer what the chosen cell has: its gate's biases, its rows. */
    load() {
      const { gate, settings } = this.data.cells[this.choice.cell];
      const biases = [...new Set(settings.map(({ bias }) => bias))];
      if (!biases.includes(this.choice.bias)) this.choice.bias = null;
      const { bias } = this.form.elements;
      bias.previousSibling.textContent = `Bias of the ${gate} gate`;
      bias.replaceChildren(...biases.map((value) => element("option", { value: value ?? "" }, value ?? "default")));
      bias.value = this.choice.bias ?? "";
      bias.parentElement.hidden = !gate;

      const { rows, chosen } = microscope(this.data, this.choice);
      this.choice.weights = rows[chosen].weights;
      this.rows.replaceChildren(
        element("span", { class: "microscope-title", "aria-hidden": "true" },
          "Recurrent weights: torch’s own, orthogonal, or scaled to a spectral radius"),
        ...rows.map(({ weights }, i) => element("label", {},
          element("span", {},
            element("input", { type: "radio", name: "weights", value: weights, checked: i === chosen ? "" : null }),
            weights),
          element("span", { class: "microscope-strip" }))));
      this.draw();
    }

    draw() {
      const { rows, sentences } = microscope(this.data, this.choice);
      const { steps } = this.data;
      this.rows.style.setProperty("--at", (this.choice.t - 0.5) / steps);
      [...this.rows.querySelectorAll(".microscope-strip")].forEach((place, i) => {
        const { values, memory } = rows[i];
        const edge = element("span", { class: "microscope-edge", style: `--at: ${1 - (memory.median + 1) / steps}` });
        place.replaceChildren(strip(values), ...(memory.median < steps - 1 ? [edge] : []));
      });
      for (const [name, text] of Object.entries(sentences)) this[name].textContent = text;
      this.form.elements.t.setAttribute("aria-valuetext", sentences.step);
    }

    /* The step under the pointer; a press also chooses the row, as its label's do. */
    point(event) {
      const place = event.target.closest(".microscope-strip");
      if (!place) return;
      const { left, width } = place.getBoundingClientRect();
      const t = Math.floor(((event.clientX - left) / width) * this.data.steps) + 1;
      this.form.elements.t.value = t; // the slider keeps it in bounds
      this.choose(this.form.elements.t);
    }
  }

  window.rnnbook.microscope = microscope;
  demo("gradient_microscope", (data) => new Microscope(data).card);
})();
