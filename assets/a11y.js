/* Mends what the theme leaves out for readers who listen, or who have no mouse. */
(() => {
  "use strict";

  /* A box that scrolls sideways can be reached with the Tab key, so that the arrow keys scroll it. */
  const boxes = "div.math, .pst-scrollable-table-container, figure.rnnbook-figure";
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(boxes)) observer.observe(box);

  /* The bibliography is a list, whose entries are its items. */
  for (const entry of document.querySelectorAll('[role="doc-biblioentry"]')) entry.setAttribute("role", "listitem");
})();
