// @ts-check
// Sends files from the page /up: several at a time, going on where a broken connection or a reload left them, and says at
// the end what became of each. What is said comes from the server's answers alone: stored is what it has acknowledged, safe
// is what it calls releasable. Without this script the page is a plain form.

/** How many files are on their way at a time. */
const AT_ONCE = 2;
/** Up to this size a file goes in one request; to send it again costs less than to ask where it broke off. */
const IN_ONE = 4 << 20;
/** How many times in a row nothing may come of a file before it counts as failed. */
const TRIES = 8;
/** The longest pause between two tries, and that between two questions what is safe, in milliseconds. */
const [LONGEST_PAUSE, ASK_AGAIN] = [30_000, 15_000];
/** How long nothing may move, in milliseconds: what goes into a dead Wi-Fi is never refused. The server waits a minute. */
const STALLED = 70_000;
/** How many files or hashes are asked for in one request. */
const ASKED_AT_ONCE = 500;

/**
 * @typedef {{ file: File, sent: number, state: "waiting" | "sending" | "stored" | "failed", sha256?: string, why?: string }} Item
 * @typedef {{ status: number, header: (name: string) => string | null, text: string }} Answer
 */

/** No answer came, or one that says "later". */
class Later extends Error {
  /** @param {string} why @param {number} [pause] */
  constructor(why, pause = 0) {
    super(why);
    this.pause = pause;
  }
}

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function part(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${id}`);
  return found;
}

const [form, chooser] = [part("send", HTMLFormElement), part("files", HTMLInputElement)];
const [summary, queue] = [part("summary", HTMLElement), part("queue", HTMLElement)];

/** @type {Item[]} */
const items = [];
let [running, asking] = [0, 0];

/** @param {Item["state"]} state */
const those = (state) => items.filter((item) => item.state === state);
/** @param {File} file */
const key = (file) => `${file.size} ${file.lastModified} ${file.name}`;
/** @param {number} count */
const files = (count) => `${count.toLocaleString("en")} ${count === 1 ? "file" : "files"}`;

/** @param {number} count */
function bytes(count) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; count >= 1000 && unit < units.length - 1; unit++) count /= 1000;
  return `${unit && count < 100 ? count.toFixed(1) : Math.round(count)} ${units[unit]}`;
}

/** @type {(() => void) | undefined} */
let hurry;

/** @param {number} time */
function pause(time) {
  return new Promise((done) => {
    const before = hurry;
    hurry = () => { before?.(); done(undefined); };
    setTimeout(done, time);
  });
}
// Back on the line: whoever waits tries at once.
addEventListener("online", () => { hurry?.(); hurry = undefined; });

/**
 * One request. XMLHttpRequest and not fetch: only it tells how much of a body has gone.
 * @param {string} method @param {string} url @param {Record<string, string>} headers @param {Blob | string | null} body
 * @param {(sent: number) => void} [progress] @returns {Promise<Answer>}
 */
function ask(method, url, headers, body, progress) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    let watch = 0;
    const lives = () => {
      clearTimeout(watch);
      watch = setTimeout(() => { request.abort(); failed(new Later("the connection stood still")); }, STALLED);
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => { lives(); progress?.(event.loaded); };
    request.onloadend = () => clearTimeout(watch);
    request.onerror = () => failed(new Later("the connection broke"));
    request.onload = () => {
      const { status, responseText: text } = request;
      const header = (/** @type {string} */ name) => request.getResponseHeader(name);
      if (status < 500 && status !== 429) return done({ status, header, text });
      failed(new Later(reason(text, status), 1000 * Number(header("Retry-After") ?? 0)));
    };
    lives();
    request.send(body);
  });
}

/** @param {string} text @param {number} status */
function reason(text, status) {
  try {
    return String(JSON.parse(text).error);
  } catch {
    return text.trim() || `the server answered ${status}`;
  }
}

/** @param {Answer} answer */
const refuse = ({ status, text }) =>
  new Error(status === 401 ? "this browser may not add photos any more; load the page again" : reason(text, status));

/** Sends a file, or what is missing of it, and returns its SHA-256 once it is stored. @param {Item} item @param {() => void} shown */
async function send(item, shown) {
  const { file } = item;
  const progress = (/** @type {number} */ sent) => { item.sent = Math.min(sent, file.size); shown(); };
  const time = file.lastModified > 0 ? `&modified=${Math.round(file.lastModified)}` : "";
  const target = `/up/files?name=${encodeURIComponent(file.name)}${time}`;
  if (file.size <= IN_ONE) {
    const answer = await ask("POST", target, { "Upload-Complete": "?1" }, file, progress);
    if (answer.status !== 201) throw refuse(answer);
    return String(JSON.parse(answer.text).sha256);
  }
  // Begun before, in this page or another: the same request finds what is here of it.
  const begun = { "Upload-Complete": "?0", "Upload-Length": String(file.size) };
  const place = await ask("POST", target, begun, null);
  const address = place.header("Location");
  if (place.status !== 201 || !address) throw refuse(place);
  for (let offset = place.header("Upload-Offset"); ; ) {
    const from = Number(offset ?? 0);
    progress(from);
    const headers = { "Upload-Complete": "?1", "Upload-Offset": String(from), "Content-Type": "application/partial-upload" };
    const answer = await ask("PATCH", address, headers, file.slice(from), (sent) => progress(from + sent));
    if (answer.status === 201) return String(JSON.parse(answer.text).sha256);
    offset = answer.status === 409 ? answer.header("Upload-Offset") : null;
    if (offset === null || Number(offset) === from) throw refuse(answer);
  }
}

/** Whether the file can still be read: phones take a choice back. @param {File} file */
const readable = (file) => file.slice(0, 1).arrayBuffer().then(() => true, () => false);

/** Tries until it is stored, or cannot be. @param {Item} item */
async function deliver(item) {
  const [name, how] = [document.createElement("span"), document.createElement("span")];
  const [row, bar] = [document.createElement("li"), document.createElement("progress")];
  name.textContent = item.file.name;
  how.className = "quiet";
  bar.setAttribute("aria-label", item.file.name);
  row.append(name, how, bar);
  queue.append(row);
  const shown = () => {
    bar.max = item.file.size || 1;
    bar.value = item.sent;
    how.textContent = `${bytes(item.sent)} of ${bytes(item.file.size)}`;
    showWhole();
  };
  for (let [tries, furthest] = [0, 0]; item.state === "sending"; ) {
    try {
      item.sha256 = await send(item, shown);
      item.state = "stored";
      item.sent = item.file.size;
    } catch (error) {
      const later = error instanceof Later ? error : undefined;
      item.why = error instanceof Error ? error.message : String(error);
      tries = item.sent > furthest ? 1 : tries + 1;
      furthest = Math.max(furthest, item.sent);
      if (!(await readable(item.file))) {
        item.why = "it cannot be read any more; choose it again";
        item.state = "failed";
      } else if (!later || tries >= TRIES) {
        item.state = "failed";
      } else {
        how.textContent = `${item.why}; trying again`;
        await pause(Math.min(LONGEST_PAUSE, Math.max(later.pause, 1000 * 2 ** (tries - 1))));
      }
    }
  }
  row.remove();
}

/** Marks what was sent before, so that it is not sent again. @param {Item[]} asked */
async function skip(asked) {
  for (let at = 0; at < asked.length; at += ASKED_AT_ONCE) {
    const some = asked.slice(at, at + ASKED_AT_ONCE);
    const list = some.map(({ file }) => ({ name: file.name, size: file.size, modified: Math.round(file.lastModified) }));
    try {
      const answer = await ask("POST", "/up/before", { "Content-Type": "application/json" }, JSON.stringify(list));
      if (answer.status !== 200) continue;
      JSON.parse(answer.text).forEach((/** @type {string | null} */ hash, /** @type {number} */ number) => {
        const item = some[number];
        if (hash && item.state === "waiting") Object.assign(item, { state: "stored", sha256: hash, sent: item.file.size });
      });
    } catch {
      // To send a photo twice does no harm: it is stored once.
      return;
    }
  }
}

async function work() {
  running++;
  for (let item; (item = those("waiting")[0]); ) {
    item.state = "sending";
    await deliver(item);
    showStand();
  }
  running--;
  showStand();
  if (!running) finish();
}

function showWhole() {
  const whole = part("whole", HTMLProgressElement);
  const total = items.reduce((sum, { file }) => sum + file.size, 0);
  whole.max = total || 1;
  whole.value = items.reduce((sum, { sent, state, file }) => sum + (state === "failed" ? file.size : sent), 0);
}

/** Not with every byte: it is read aloud. */
function showStand() {
  const [stored, failed] = [those("stored"), those("failed")];
  const left = items.length - stored.length - failed.length;
  const total = bytes(items.reduce((sum, { file }) => sum + file.size, 0));
  const lost = failed.length ? `, ${failed.length} not` : "";
  summary.textContent = left
    ? `${stored.length} of ${files(items.length)} stored${lost}; ${total} in all.`
    : `Done: ${files(stored.length)} stored${lost}.`;
  part("going-title", HTMLElement).textContent = left ? "Sending" : "Sent";
  showWhole();
}

/** @param {string} id @param {{ name: string, why?: string }[]} entries */
function showList(id, entries) {
  const box = part(id, HTMLElement);
  box.hidden = !entries.length;
  const count = box.querySelector("[data-count]");
  if (count) count.textContent = files(entries.length);
  box.querySelector("ul")?.replaceChildren(...entries.map(({ name, why }) => {
    const line = document.createElement("li");
    line.textContent = name;
    if (why) {
      const quiet = document.createElement("span");
      quiet.className = "quiet";
      quiet.textContent = ` ${why}`;
      line.append(quiet);
    }
    return line;
  }));
}

/** Asks which of the stored files are safe, until all of them are. */
async function finish() {
  const turn = ++asking;
  await keepAwake();
  let first = true;
  while (turn === asking && !running) {
    const stored = those("stored");
    const hashes = [...new Set(stored.map(({ sha256 }) => sha256))];
    /** @type {Set<string>} */
    const safe = new Set();
    /** @type {Map<string, string>} */
    const missing = new Map();
    let [trouble, over] = ["", false];
    for (let at = 0; at < hashes.length; at += ASKED_AT_ONCE) {
      try {
        const some = JSON.stringify(hashes.slice(at, at + ASKED_AT_ONCE));
        const answer = await ask("POST", "/api/v1/releasable", { "Content-Type": "application/json" }, some);
        over = answer.status === 401;
        if (answer.status !== 200) throw refuse(answer);
        const found = JSON.parse(answer.text);
        for (const hash of found.releasable) safe.add(hash);
        for (const { sha256, why } of found.not_yet) missing.set(sha256, why);
      } catch (error) {
        trouble = `not known to be safe: ${error instanceof Error ? error.message : error}`;
      }
    }
    if (turn !== asking) return;
    const is = (/** @type {Item} */ { sha256 }) => safe.has(sha256 ?? "");
    const kept = stored.filter((item) => !is(item));
    showList("safe", stored.filter(is).map(({ file }) => ({ name: file.name })));
    showList("home", kept.map(({ file, sha256 }) => ({ name: file.name, why: missing.get(sha256 ?? "") ?? (trouble || "not known to be safe") })));
    showList("failed", those("failed").map(({ file, why }) => ({ name: file.name, why })));
    part("end", HTMLElement).hidden = false;
    if (first) part("end-title", HTMLElement).focus();
    if (!kept.length || over) return;
    first = false;
    await pause(ASK_AGAIN);
  }
}

/** @type {{ release: () => Promise<void>, released: boolean } | undefined} */
let lock;

/** Keeps the screen awake while files are on their way, where the browser can. */
async function keepAwake() {
  const note = part("awake", HTMLElement);
  if (!running) {
    await lock?.release();
    lock = undefined;
    note.textContent = "";
    return;
  }
  if (document.visibilityState !== "visible" || (lock && !lock.released)) return;
  try {
    lock = await /** @type {any} */ (navigator).wakeLock.request("screen");
    note.textContent = "Keep this page open; the screen stays on meanwhile.";
  } catch {
    note.textContent = "Keep this page open and the screen on: this browser does not let the page do that.";
  }
}
document.addEventListener("visibilitychange", keepAwake);

async function start() {
  part("going", HTMLElement).hidden = false;
  part("end", HTMLElement).hidden = true;
  asking++;
  showStand();
  for (let workers = running; workers < AT_ONCE; workers++) work();
  await keepAwake();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const known = new Set(items.filter(({ state }) => state !== "failed").map(({ file }) => key(file)));
  const chosen = [...(chooser.files ?? [])].filter((file) => !known.has(key(file)));
  const retried = new Set(chosen.map(key));
  for (const item of those("failed")) if (retried.has(key(item.file))) items.splice(items.indexOf(item), 1);
  const fresh = chosen.map((file) => /** @type {Item} */ ({ file, sent: 0, state: "waiting" }));
  form.reset();
  if (!fresh.length) return;
  part("going", HTMLElement).hidden = false;
  summary.textContent = "Looking what was sent before.";
  await skip(fresh);
  items.push(...fresh);
  await start();
});

part("again", HTMLButtonElement).addEventListener("click", () => {
  for (const item of those("failed")) Object.assign(item, { state: "waiting", sent: 0, why: undefined });
  start();
});

addEventListener("beforeunload", (event) => running && event.preventDefault());
