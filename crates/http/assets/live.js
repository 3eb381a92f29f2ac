// @ts-check
// Keeps a page's live parts up to date. Each message of /events is the whole state and says only that something
// changed; what the page says about it is written by the server alone, so the page is asked for again and its parts
// marked data-live are put in place of the old ones.

const PAUSE = 1000;

let running = false;
let again = false;

async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The server is away; EventSource tries again by itself, and its first message brings us back here.
  }
  await new Promise((done) => setTimeout(done, PAUSE));
  running = false;
  if (again) {
    again = false;
    refresh();
  }
}

/** @param {Document} fresh */
function replace(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || next.outerHTML === part.outerHTML) continue;
    // What somebody is typing or about to press stays.
    if (part.contains(document.activeElement) && part.querySelector("form, details[open]")) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
    part.className = next.className;
    part.replaceChildren(...next.childNodes);
    if (focused) part.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
  document.title = fresh.title;
}

if (document.querySelector("[data-live]")) {
  // The first message too: something may have changed between the page and it.
  new EventSource("/events").addEventListener("state", refresh);
}
