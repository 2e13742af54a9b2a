/* What the demos in the page share: `rnnbook.demo(name, build)` puts a demo in the place of its static figure.
 *
 * rnnbook.demo("name") in a notebook leaves a <div data-demo="name"> that holds the figure and the data. `build` takes the
 * data and returns the element to show. On paper and without JavaScript the figure stands.
 */
(() => {
  "use strict";

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

  window.rnnbook = { ...window.rnnbook, element, demo };
})();
