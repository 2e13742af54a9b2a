/* What the demos in the page share: `rnnbook.demo(name, build)` puts a demo in the place of its static figure.
 *
 * rnnbook.demo("name") in a notebook leaves a <div data-demo="name"> that holds the figure and the data. `build` takes the
 * data and returns the element to show. On paper and without JavaScript the figure stands. A demo that runs a trained
 * network is a `modelCard`; the network comes in a script of its own, when the card comes into sight.
 */
(() => {
  "use strict";

  const HERE = document.currentScript.src;

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value != null) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function demo(name, build) {
    for (const place of document.querySelectorAll(`.rnnbook-demo[data-demo="${name}"]`)) {
      place.prepend(build(JSON.parse(place.querySelector('script[type="application/json"]').textContent)));
      place.classList.add("is-live");
    }
  }

  const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

  /* The number that 16 bits stand for: sign, 5 bits of exponent, 10 of fraction. */
  function half(bits) {
    const [exponent, fraction] = [(bits >> 10) & 31, (bits & 1023) / 1024];
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
    return bits >> 15 ? -size : size;
  }

  /* A flat array of numbers for each of a network's tensors, which are written one after the other, 16 bits a number. */
  function tensors({ shapes, numbers }) {
    const view = new DataView(bytes(numbers).buffer);
    const all = Float64Array.from({ length: view.byteLength / 2 }, (_, i) => half(view.getUint16(2 * i, true)));
    let start = 0;
    const part = (shape) => all.subarray(start, (start += shape.reduce((a, b) => a * b)));
    return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, part(shape)]));
  }

  const sigmoid = (x) => 1 / (1 + Math.exp(-x));

  /* Row k of a matrix times a vector: nearly all of a network's work is here. */
  function product(matrix, k, vector) {
    const start = k * vector.length;
    let sum = 0;
    for (let j = 0; j < vector.length; j++) sum += matrix[start + j] * vector[j];
    return sum;
  }

  /* The state of an LSTM with one layer after one more symbol, {h, c}; before the first there is none. */
  function lstm({ weights: w, D, H }, id, { h, c } = { h: new Float64Array(H), c: new Float64Array(H) }) {
    const x = w["embedding.weight"].subarray(id * D, (id + 1) * D);
    const gate = (k) =>
      product(w["rnn.weight_ih_l0"], k, x) + w["rnn.bias_ih_l0"][k] +
      product(w["rnn.weight_hh_l0"], k, h) + w["rnn.bias_hh_l0"][k];
    // c_t = f c_t-1 + i g, h_t = o tanh c_t; the rows of the weights are i, f, g, o
    const next = c.map((old, k) => sigmoid(gate(H + k)) * old + sigmoid(gate(k)) * Math.tanh(gate(2 * H + k)));
    return { h: next.map((value, k) => sigmoid(gate(3 * H + k)) * Math.tanh(value)), c: next };
  }

  /* Resolves when a script beside this one has been loaded, which works in a file, too. Each is loaded once. */
  const loading = {};
  function load(file) {
    loading[file] ??= new Promise((resolve, reject) => {
      const script = element("script", { src: new URL(file, HERE) });
      script.addEventListener("load", resolve);
      script.addEventListener("error", reject);
      document.head.append(script);
    });
    return loading[file];
  }

  /* A card whose parts `build` makes when the script with its network is there. That is loaded when the card comes near the
   * part of the page that is to be seen; without it the static figure comes back.
   */
  function modelCard(classes, label, file, build) {
    const card = element("section", { class: `demo-card ${classes}`, "aria-label": label },
      element("p", {}, "The network is being loaded."));
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      load(file).then(() => card.replaceChildren(...build()), () => {
        card.parentElement.classList.remove("is-live");
        card.remove();
      });
    }, { rootMargin: "300px" });
    observer.observe(card);
    return card;
  }

  window.rnnbook = { ...window.rnnbook, element, demo, bytes, tensors, sigmoid, product, lstm, modelCard };
})();
