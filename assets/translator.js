/* A trained translator in plain JavaScript: what the demos share that run the model of dates.
 *
 * It is a rnnbook.models.Seq2Seq, a GRU with a bidirectional encoder and general attention, that reads characters.
 * `window.rnnbook.translator` has it and its decoders as pure functions, which the tests compare with Python, and the card
 * in the page that waits for its weights. They are in a script of their own, loaded when a demo comes into sight.
 */
(() => {
  "use strict";

  const { element, tensors, sigmoid, product, modelCard } = window.rnnbook;

  /* The model */

  /* The model as the functions below want it: characters to ids, and a flat array of numbers for each tensor. */
  function unpack({ source, target, shapes, numbers }) {
    const weights = tensors({ shapes, numbers });
    const [D, H] = [shapes["source_embedding.weight"][1], shapes["decoder.weight_hh_l0"][1]];
    return { source: new Map(source.map((token, id) => [token, id])), target, weights, D, H };
  }

  const [UNKNOWN, START, END] = [1, 2, 3];
  const UNWRITTEN = [0, UNKNOWN, START]; // "<pad>", "<unk>", "<s>"
  const zeros = (n) => new Float64Array(n);

  /* W x + b for a matrix whose rows are as long as x. */
  const affine = (matrix, x, bias) =>
    Float64Array.from({ length: matrix.length / x.length }, (_, k) => product(matrix, k, x) + (bias ? bias[k] : 0));

  const concatenated = (a, b) => Float64Array.of(...a, ...b);

  /* exp(x - ln Σ exp x), and ln of it. */
  function logSoftmax(values) {
    const largest = values.reduce((a, b) => Math.max(a, b));
    const total = largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
    return values.map((value) => value - total);
  }

  /* The state of a GRU, such as "encoder" with the suffix "_l0", after one more symbol; its rows are r, z, n. */
  function gru({ weights: w, D }, side, name, suffix, id, h) {
    const x = w[`${side}_embedding.weight`].subarray(id * D, (id + 1) * D);
    const [input, hidden] = [["ih", x], ["hh", h]].map(([kind, vector]) =>
      affine(w[`${name}.weight_${kind}${suffix}`], vector, w[`${name}.bias_${kind}${suffix}`]));
    const H = h.length;
    return h.map((old, k) => {
      const [r, z] = [k, H + k].map((row) => sigmoid(input[row] + hidden[row]));
      const n = Math.tanh(input[2 * H + k] + r * hidden[2 * H + k]);
      return (1 - z) * n + z * old; // h_t = (1 - z) n + z h_t-1
    });
  }

  /* What the encoder makes of a text: the characters, those it knows, its states as keys of the attention, what they are
   * compared by, and the decoder's first state. An empty text is read as one unknown character, whose token is "".
   */
  function read(model, text) {
    const { weights: w, H } = model;
    const tokens = [...text.normalize("NFC")];
    if (!tokens.length) tokens.push("");
    const ids = tokens.map((token) => model.source.get(token) ?? UNKNOWN);
    const run = (order, suffix) => {
      let h = zeros(H);
      return order.map((id) => (h = gru(model, "source", "encoder", suffix, id, h)));
    };
    const forward = run(ids, "_l0");
    const backward = run([...ids].reverse(), "_l0_reverse").reverse();
    const keys = forward.map((state, s) => concatenated(state, backward[s]));
    const final = concatenated(forward.at(-1), backward[0]);
    return {
      tokens,
      known: ids.map((id) => id !== UNKNOWN),
      keys,
      projected: keys.map((key) => affine(w["attention.key_projection.weight"], key)),
      state: affine(w["bridge.linears.0.weight"], final, w["bridge.linears.0.bias"]).map(Math.tanh),
    };
  }

  /* Read one symbol: the log-probabilities of the next ones, -Infinity for those never written, where the decoder looked
   * for them, and its state then.
   */
  function step(model, memory, state, token) {
    const { weights: w, H } = model;
    const h = gru(model, "target", "decoder", "_l0", token, state);
    const scores = memory.projected.map((key) => key.reduce((sum, value, k) => sum + value * h[k], 0));
    const weights = logSoftmax(scores).map(Math.exp);
    const context = zeros(2 * H).map((_, k) => weights.reduce((sum, weight, s) => sum + weight * memory.keys[s][k], 0));
    const output = affine(w["combine.weight"], concatenated(context, h)).map(Math.tanh);
    const logits = affine(w["linear.weight"], output, w["linear.bias"]);
    for (const id of UNWRITTEN) logits[id] = -Infinity;
    return { logP: [...logSoftmax(logits)], weights, state: h };
  }

  /* The decoders */

  /* The k largest values' places, the largest first; of equals the first. */
  function largest(values, k) {
    return values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b).slice(0, k);
  }

  /* The most probable symbol each time, until the end or a greatest length: steps with token, logP and weights. */
  function greedy(model, memory, limit) {
    const steps = [];
    let [state, token] = [memory.state, START];
    do {
      const next = step(model, memory, state, token);
      [token] = largest(next.logP, 1);
      state = next.state;
      steps.push({ token, logP: next.logP, weights: next.weights });
    } while (token !== END && steps.length < limit);
    return steps;
  }

  /* By what the log-probability of n symbols is divided: ((5 + n) / 6) ** alpha. */
  const lengthPenalty = (n, alpha) => ((5 + n) / 6) ** alpha;

  /* Beam search, as rnnbook.decode.beam_search does it for one source and n_best = 1.
   *
   * Returns steps, each with candidates (the most probable first, each with number, parent, length, token, logP, total,
   * score and fate), best, the candidate that is the best of those that have ended, or null, and bound, which nothing that
   * may still come can exceed, or null if nothing is alive; tokens, a function from a candidate's number to all its symbols;
   * result, the number of the best hypothesis; and reason, why the search ended: "settled", "limit" or "empty".
   */
  function beamSearch(model, memory, { beam, alpha, limit }) {
    const nodes = [];
    const steps = [];
    let live = [{ number: null, token: START, total: 0, state: memory.state }];
    let best = null;
    let reason;
    while (!reason) {
      const length = steps.length + 1;
      const candidates = live.flatMap((parent, place) => {
        const { logP, state } = step(model, memory, parent.state, parent.token);
        return largest(logP, beam).filter((token) => logP[token] > -Infinity).map((token) => {
          const total = parent.total + logP[token];
          const score = total / lengthPenalty(length, alpha);
          return { parent: parent.number, length, token, logP: logP[token], total, score, state, place };
        });
      });
      candidates.sort((a, b) => b.total - a.total || a.place - b.place || a.token - b.token);
      live = [];
      const told = candidates.map(({ state, place, ...candidate }, rank) => {
        const fate = rank >= beam ? "dropped" : candidate.token === END ? "ended" : "kept";
        const node = { number: nodes.length + rank, ...candidate, fate };
        if (fate === "kept") live.push({ ...node, state });
        if (fate === "ended" && (!best || node.score > best.score)) best = node;
        return node;
      });
      nodes.push(...told);
      // A live hypothesis can only lose probability, and is divided by the penalty of the greatest length at best.
      const bound = live.length ? live[0].total / lengthPenalty(limit, alpha) : null;
      steps.push({ candidates: told, best, bound });
      if (length === limit) reason = "limit";
      else if (!live.length) reason = "empty";
      else if (best && best.score >= bound) reason = "settled";
    }
    const tokens = (number) => (number === null ? [] : [...tokens(nodes[number].parent), nodes[number].token]);
    return { steps, tokens, reason, result: (best ?? live[0]).number };
  }

  /* In words */

  /* The text of symbols, without the end. */
  const written = (model, ids) => ids.filter((id) => id !== END).map((id) => model.target[id]).join("");
  const format = (value) => value.toFixed(2).replace(/^-(?=.*[1-9])/, "−").replace("-", "");
  const quote = (token) => (token === " " ? "a space" : token ? `“${token}”` : "nothing");

  /* A share with as many digits as it takes to be neither nothing nor all. */
  const share = (p) => (p > 0.9995 ? "> 0.999" : p < 0.0005 ? "< 0.001" : p.toFixed(3));

  /* Whether a text is a day of the calendar in ISO 8601. */
  function isDay(text) {
    const day = new Date(`${text}T00:00:00Z`);
    return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(day.valueOf()) && day.toISOString().startsWith(text);
  }

  /* What the model has not learnt to read, or "". */
  function sayUnknown({ tokens, known }) {
    if (!tokens[0]) return "Nothing to read: the network is given one unknown character, and guesses.";
    const strange = [...new Set(tokens.filter((_, s) => !known[s]))];
    return strange.length ? `It does not know ${strange.map(quote).join(", ")}, and reads “unknown” there.` : "";
  }

  /* The page */

  /* A demo's card: `build` takes the model, which is unpacked once for both demos. */
  let unpacked;
  function card(name, label, file, build) {
    return modelCard(`translator ${name}`, label, file, () => build((unpacked ??= unpack(window.rnnbook.datesModel))));
  }

  const LONGEST = 60; // characters of a date that can be typed
  const PAUSE = 600; // milliseconds without a key, after which a listener is told the outcome

  /* The field for a date with its examples; `changed` is called with the text, and whether the reader is still typing. */
  function makeForm(examples, changed, ...more) {
    const text = element("input", {
      name: "date", type: "text", maxlength: LONGEST, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    });
    let timer;
    const set = (value) => {
      clearTimeout(timer);
      text.value = value;
      changed(value, false);
    };
    text.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => changed(text.value, false), PAUSE);
      changed(text.value, true);
    });
    const buttons = examples.map(({ name, text: value }) => button(name, () => set(value)));
    const form = element("form", { "aria-label": "What to read" },
      element("label", { class: "translator-text" }, element("span", {}, "A date"), text),
      element("div", { class: "translator-buttons", role: "group", "aria-label": "Examples" }, ...buttons), ...more);
    form.addEventListener("submit", (event) => event.preventDefault());
    return { form, set };
  }

  function button(label, press, attributes = {}) {
    const made = element("button", { type: "button", ...attributes }, label);
    made.addEventListener("click", press);
    return made;
  }

  /* Buttons that step through n steps, of which `shown` are to be seen: `go` is called with the new number. */
  function makeSteps(labels, go) {
    let [shown, n] = [0, 0];
    const moves = { first: () => 0, back: () => shown - 1, next: () => shown + 1, all: () => n };
    const buttons = Object.entries(moves).map(([name, to], i) =>
      button(labels[i], () => go(Math.min(Math.max(to(), 0), n)), { name }));
    const set = (now, of) => {
      [shown, n] = [now, of];
      buttons.forEach((each, i) => each.setAttribute("aria-disabled", i < 2 ? shown === 0 : shown === n)); // keeps the focus
    };
    return { group: element("div", { class: "translator-buttons", role: "group", "aria-label": "Steps" }, ...buttons), set };
  }

  /* Make one of some elements the current one, which the Tab key reaches. */
  function makeCurrent(elements, current) {
    for (const each of elements) {
      each.setAttribute("tabindex", each === current ? 0 : -1);
      if (each === current) each.setAttribute("aria-current", "true");
      else each.removeAttribute("aria-current");
    }
  }

  const paragraphs = (sentences) => sentences.filter(Boolean).map((text) => element("p", {}, text));

  window.rnnbook.translator = {
    START, END, unpack, read, step, largest, greedy, lengthPenalty, beamSearch,
    written, format, quote, share, isDay, sayUnknown,
    card, makeForm, button, makeSteps, makeCurrent, paragraphs,
  };
})();
