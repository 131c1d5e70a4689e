/* Comfort only: every page works without this file. */
"use strict";

// An open menu closes on Escape (focus goes back to its button) and on a click or focus elsewhere.
const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
});

for (const kind of ["click", "focusin"]) {
  document.addEventListener(kind, (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
}

// A second click on a button that writes is swallowed. The server takes a form sent twice as one anyway.
// Buttons are never disabled: a disabled button would not send its own name and value.
const sent = new Map();

function release(form) {
  clearTimeout(sent.get(form));
  sent.delete(form);
  for (const button of form.querySelectorAll("[aria-disabled][data-busy]")) {
    button.removeAttribute("aria-disabled");
    button.removeAttribute("data-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post" || form.hasAttribute("data-again")) return;
  if (sent.has(form)) return event.preventDefault();
  // Free again after a while: the answer may have been a download, or the person may have stopped it.
  sent.set(form, setTimeout(release, 10000, form));
  event.submitter?.setAttribute("aria-disabled", "true");
  event.submitter?.setAttribute("data-busy", "");
});

// Back from the browser's page cache: everything may be sent again.
addEventListener("pageshow", () => [...sent.keys()].forEach(release));

// After a refused form the summary of what to correct is read first.
document.getElementById("errors")?.focus();
