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

// Work that goes on ([data-live], in milliseconds) is looked at until it ends. Meanwhile only the parts that say how
// far it is change, in none of which the focus can be; at the end all of it does, and the focus stays or goes to the
// heading. What is said politely is in an element that stays.
function showParts(live, next) {
  for (const part of next.querySelectorAll("[data-part]")) {
    const shown = live.querySelector(`[data-part="${part.dataset.part}"]`);
    if (shown && shown.innerHTML !== part.innerHTML) shown.replaceChildren(...part.childNodes);
  }
}

function showEnd(live, next) {
  const held = live.contains(document.activeElement) ? document.activeElement.outerHTML : "";
  live.replaceChildren(...next.childNodes);
  live.removeAttribute("data-live");
  if (!held) return;
  const alike = [...live.querySelectorAll("a, button")].find((each) => each.outerHTML === held);
  const place = alike ?? live.querySelector("h1");
  if (!alike) place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

async function look(live) {
  if (document.hidden) return true;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || answer.status >= 500) return true; // the next look may do better
  if (!answer.ok || answer.redirected) return false; // signed out, or gone
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.getElementById(live.id);
  if (!next) return false;
  const goesOn = next.hasAttribute("data-live");
  const done = next.querySelector('[data-part="done"]')?.textContent ?? "";
  const said = [next.dataset.said, done].filter(Boolean).join(", ");
  (goesOn ? showParts : showEnd)(live, next);
  const voice = document.getElementById(`${live.id}-said`);
  if (voice.textContent !== said) voice.textContent = said;
  return goesOn;
}

async function follow(live) {
  const pause = Number(live.dataset.live);
  do await new Promise((resolve) => setTimeout(resolve, pause));
  while (await look(live).catch(() => true));
}

const live = document.querySelector("[data-live]");
if (live) follow(live);

// Counts and sums of a filter ([data-totals]) come after its rows, in a request of their own; without it their link is
// still there. Only parts change in which the focus is not, or goes back to the same link.
async function total(list) {
  const link = list.querySelector("[data-wait-here]");
  if (link) link.textContent = list.dataset.wait;
  const voice = document.getElementById("totals-said");
  voice.textContent = list.dataset.wait;
  const answer = await fetch(list.dataset.totals).catch(() => null);
  if (!answer?.ok || answer.redirected) {
    if (link) link.replaceWith(link.cloneNode());
    voice.textContent = "";
    return;
  }
  const parts = new DOMParser().parseFromString(await answer.text(), "text/html");
  const said = parts.querySelector("[data-said]").textContent;
  const held = list.querySelector("[data-part] :focus")?.getAttribute("href");
  showParts(list, parts);
  if (held) [...list.querySelectorAll("[data-part] a")].find((each) => each.getAttribute("href") === held)?.focus();
  voice.textContent = said;
}

const counted = document.querySelector("[data-totals]");
if (counted) total(counted);
