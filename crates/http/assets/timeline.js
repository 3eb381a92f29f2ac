// @ts-check
// The timeline of a year or a month. The page lists days with their counts, which is all that is needed to know where every
// tile lies: tiles are squares of one size. Only the rows near the window are in the page; what they show is asked for in
// slices. Without this script the days lead to pages of their own.

const SLICE = 200;
const SLICES_KEPT = 40;
const GAP = 4;
const HEAD = 62;
const MOST_TILES = 300;
const RETRY_AFTER = 4000;
const RETRIES = 6;
const RENEW_PAUSE = 3000;

const box = /** @type {HTMLElement} */ (document.getElementById("timeline"));
const { pixels } = await import(String(box.dataset.thumbhash));

/** @typedef {{ id: string, name: string, count: number, first: number, top: number, rows: number, days: { day: string, count: number, first: number }[] }} Month */
/** @type {Month[]} */
let months = [];
let total = 0;
let columns = 1;
let size = 100;
/** @type {Map<number, any[] | null>} slices by their number; null while they are on their way */
const slices = new Map();
/** @type {Map<string, HTMLElement>} what is in the page, by month and row */
const shown = new Map();
/** @type {HTMLElement[]} rows that can be used again */
const spare = [];

/** Reads the days from a page. @param {ParentNode} page */
function read(page) {
  let first = 0;
  const found = [...page.querySelectorAll("[data-month]")].map((section) => {
    const begin = first;
    const days = [...section.querySelectorAll("[data-day]")].map((link) => {
      const { day, tiles } = /** @type {HTMLElement} */ (link).dataset;
      const from = first;
      first += Number(tiles);
      return { day: String(day), count: Number(tiles), first: from };
    });
    const { month, name } = /** @type {HTMLElement} */ (section).dataset;
    return { id: String(month), name: String(name), count: first - begin, first: begin, top: 0, rows: 0, days };
  });
  return { found, total: first };
}

function layOut() {
  const width = box.clientWidth;
  const wish = width < 600 ? 110 : 168;
  columns = Math.max(3, Math.floor((width + GAP) / (wish + GAP)));
  size = Math.floor((width - GAP * (columns - 1)) / columns);
  let top = 0;
  for (const month of months) {
    month.top = top;
    month.rows = Math.ceil(month.count / columns);
    top += HEAD + month.rows * (size + GAP) + 18;
  }
  box.style.height = `${top}px`;
  box.style.setProperty("--tile", `${size}px`);
  box.style.setProperty("--gap", `${GAP}px`);
  for (const [key, part] of shown) drop(key, part);
  draw();
}

/** @param {string} key @param {HTMLElement} part */
function drop(key, part) {
  part.remove();
  shown.delete(key);
  if (part.className === "tile-row" && spare.length < 60) spare.push(part);
}

/** The tile's place. @param {number} index */
function place(index) {
  const month = monthOf(index);
  const row = Math.floor((index - month.first) / columns);
  return { month, row, top: month.top + HEAD + row * (size + GAP) };
}

/** @param {number} index */
function monthOf(index) {
  let low = 0;
  for (let high = months.length - 1; low < high;) {
    const middle = (low + high + 1) >> 1;
    if (months[middle].first <= index) low = middle;
    else high = middle - 1;
  }
  return months[low];
}

let asked = false;
function drawSoon() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw();
  });
}

/** Has in the page what is near the window. */
function draw() {
  const above = box.getBoundingClientRect().top;
  const margin = Math.min(innerHeight * 0.7, ((MOST_TILES / columns) * size - innerHeight) / 2);
  const [from, to] = [-above - margin, -above + innerHeight + margin];
  const wanted = new Map();
  for (const month of months) {
    const end = month.top + HEAD + month.rows * (size + GAP);
    if (end < from || month.top > to) continue;
    wanted.set(month.id, () => head(month));
    const begin = month.top + HEAD;
    const firstRow = Math.max(0, Math.floor((from - begin) / (size + GAP)));
    const lastRow = Math.min(month.rows - 1, Math.floor((to - begin) / (size + GAP)));
    for (let row = firstRow; row <= lastRow; row++) wanted.set(`${month.id} ${row}`, () => rowOf(month, row));
  }
  for (const [key, part] of shown) {
    // Who is there with the keyboard stays there.
    if (!wanted.has(key) && !part.contains(document.activeElement)) drop(key, part);
  }
  // In the order of the eye, for the keyboard and for screen readers.
  let before = null;
  for (const [key, make] of [...wanted].reverse()) {
    let part = shown.get(key);
    if (!part) {
      part = make();
      shown.set(key, part);
      box.insertBefore(part, before);
    }
    before = part;
  }
  fetchSoon();
}

/** @param {Month} month */
function head(month) {
  const part = document.createElement("div");
  part.className = "month-head";
  part.id = month.id;
  const title = document.createElement("h2");
  title.textContent = month.name;
  const count = document.createElement("span");
  count.className = "quiet";
  count.textContent = month.count === 1 ? "1 photo" : `${month.count.toLocaleString("en")} photos`;
  part.append(title, count);
  part.style.transform = `translateY(${month.top}px)`;
  return part;
}

/** @param {Month} month @param {number} row */
function rowOf(month, row) {
  const part = spare.pop() ?? document.createElement("div");
  part.className = "tile-row";
  part.style.transform = `translateY(${month.top + HEAD + row * (size + GAP)}px)`;
  const first = month.first + row * columns;
  const count = Math.min(columns, month.first + month.count - first);
  while (part.children.length > count) part.lastElementChild?.remove();
  while (part.children.length < count) part.append(newTile());
  [...part.children].forEach((tile, at) => show(/** @type {HTMLAnchorElement} */ (tile), first + at));
  return part;
}

function newTile() {
  const tile = document.createElement("a");
  tile.append(document.createElement("canvas"), document.createElement("img"), document.createElement("span"));
  tile.children[0].setAttribute("aria-hidden", "true");
  const picture = /** @type {HTMLImageElement} */ (tile.children[1]);
  picture.alt = "";
  picture.decoding = "async";
  picture.addEventListener("load", () => tile.classList.add("drawn"));
  picture.addEventListener("error", () => again(tile));
  return tile;
}

/** @param {number} index */
function known(index) {
  const slice = slices.get(Math.floor(index / SLICE));
  return slice?.[index % SLICE];
}

/** Has a tile show what is known of its photo. @param {HTMLAnchorElement} tile @param {number} index */
function show(tile, index) {
  const photo = known(index);
  tile.dataset.index = String(index);
  if (tile.dataset.photo === String(photo?.id) && tile.dataset.label === photo?.label) return;
  tile.className = "tile";
  tile.dataset.photo = String(photo?.id ?? "");
  tile.dataset.label = photo?.label ?? "";
  tile.dataset.tries = "0";
  const [canvas, picture, over] = /** @type {any} */ (tile.children);
  picture.removeAttribute("src");
  over.replaceChildren();
  over.className = "";
  canvas.hidden = true;
  if (!photo) {
    tile.removeAttribute("href");
    tile.setAttribute("aria-label", "A photo that is being loaded");
    return;
  }
  tile.href = `/photo/${photo.id}`;
  tile.setAttribute("aria-label", photo.label);
  const blurred = photo.placeholder && pixels(Uint8Array.from(atob(photo.placeholder), (letter) => letter.charCodeAt(0)));
  if (blurred) {
    canvas.width = blurred.width;
    canvas.height = blurred.height;
    canvas.getContext("2d").putImageData(blurred, 0, 0);
    canvas.hidden = false;
  }
  if (photo.src) picture.src = photo.src;
  else say(tile, photo.why);
  if (photo.marks.length) {
    over.className = "marks";
    over.replaceChildren(...photo.marks.map((/** @type {string} */ mark) => {
      const text = document.createElement("span");
      text.textContent = mark;
      return text;
    }));
  }
}

/** Says on a tile why there is no picture. @param {HTMLElement} tile @param {string} why */
function say(tile, why) {
  tile.classList.add("none");
  const [, , over] = tile.children;
  const text = document.createElement("span");
  text.className = "why";
  text.textContent = why;
  over.before(text);
}

/** A picture that is not there yet is asked for again. @param {HTMLElement} tile */
function again(tile) {
  const photo = tile.dataset.photo;
  const tries = Number(tile.dataset.tries) + 1;
  tile.dataset.tries = String(tries);
  if (tries > RETRIES) return;
  setTimeout(() => {
    const picture = /** @type {HTMLImageElement} */ (tile.children[1]);
    const source = tile.dataset.photo === photo && tile.isConnected && picture.getAttribute("src");
    if (source) picture.src = source;
  }, RETRY_AFTER * tries);
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;
/** Asks for the slices in view, once scrolling pauses. */
function fetchSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(fetchSlices, 60);
}

function fetchSlices() {
  const near = new Set();
  for (const part of shown.values()) {
    for (const tile of part.querySelectorAll(".tile")) near.add(Math.floor(Number(/** @type {HTMLElement} */ (tile).dataset.index) / SLICE));
  }
  for (const number of near) if (!slices.has(number)) fetchSlice(number);
  // The least recently asked for go first.
  for (const number of slices.keys()) {
    if (slices.size <= SLICES_KEPT) break;
    if (!near.has(number)) slices.delete(number);
  }
}

/** @param {number} number */
async function fetchSlice(number) {
  slices.set(number, null);
  const first = number * SLICE;
  const { days } = monthOf(first);
  const day = days.findLast((day) => day.first <= first) ?? days[0];
  const query = new URLSearchParams({ day: day.day, skip: String(first - day.first), count: String(SLICE) });
  try {
    const answer = await fetch(`${box.dataset.tiles}?${query}`, { headers: { Accept: "application/json" }, redirect: "error" });
    if (!answer.ok) throw new Error(answer.statusText);
    const tiles = await answer.json();
    if (!slices.has(number)) return;
    slices.set(number, tiles);
    for (const part of shown.values()) {
      for (const tile of part.querySelectorAll(".tile")) show(/** @type {HTMLAnchorElement} */ (tile), Number(/** @type {HTMLElement} */ (tile).dataset.index));
    }
  } catch {
    // The server is away. Whoever scrolls, or its return, asks again.
    slices.delete(number);
    setTimeout(drawSoon, RETRY_AFTER);
  }
}

// The keyboard: Tab goes from tile to tile; the arrows, too, and over the end of what is in the page.
box.addEventListener("keydown", (event) => {
  const tile = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest(".tile"));
  if (!tile || event.altKey || event.ctrlKey || event.metaKey) return;
  const index = Number(tile.dataset.index);
  const next = { ArrowLeft: index - 1, ArrowRight: index + 1, ArrowUp: index - columns, ArrowDown: index + columns, Home: 0, End: total - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  focusOn(Math.min(total - 1, Math.max(0, next)));
});

/** @param {number} index */
function focusOn(index) {
  const { top } = place(index);
  const above = box.getBoundingClientRect().top;
  if (above + top < HEAD) scrollBy(0, above + top - HEAD);
  else if (above + top + size > innerHeight) scrollBy(0, above + top + size + GAP - innerHeight);
  draw();
  const tile = /** @type {HTMLElement | null} */ (box.querySelector(`[data-index="${index}"]`));
  if (tile && !tile.hasAttribute("href")) tile.tabIndex = 0;
  tile?.focus({ preventScroll: true });
}

/** Scrolls to a month, below the line with their names. @param {string} hash */
function toMonth(hash) {
  const month = months.find((month) => `#${month.id}` === hash);
  const bar = document.querySelector(".rail.months")?.clientHeight ?? 0;
  if (month) scrollTo(0, box.getBoundingClientRect().top + scrollY + month.top - bar);
}

/** Begins with the days of a page. @param {ParentNode} page */
function begin(page) {
  const { found, total: count } = read(page);
  const same = JSON.stringify(found.map((month) => month.days)) === JSON.stringify(months.map((month) => month.days));
  if (same || !found.length) return false;
  months = found;
  total = count;
  slices.clear();
  return true;
}

begin(document);
box.classList.add("live");
box.replaceChildren();
layOut();
if (location.hash) toMonth(location.hash);

// Where somebody was who comes back from a photo.
const kept = sessionStorage.getItem(location.pathname);
const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
if (kept && navigation?.type === "back_forward") scrollTo(0, Number(kept));
addEventListener("pagehide", () => sessionStorage.setItem(location.pathname, String(scrollY)));

// On a phone the years are a line that scrolls.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

addEventListener("scroll", drawSoon, { passive: true });
// A window that became higher shows more.
addEventListener("resize", drawSoon);
document.querySelector(".rail.months")?.addEventListener("click", (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest("a");
  if (!link) return;
  event.preventDefault();
  history.replaceState(null, "", link.hash);
  toMonth(link.hash);
});
new ResizeObserver(() => {
  if (box.clientWidth !== columns * (size + GAP) - GAP) layOut();
}).observe(document.body);

// Photos that arrive meanwhile.
let busy = false;
let more = false;
async function renew() {
  if (busy) {
    more = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, redirect: "error" });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (begin(fresh)) {
        const count = document.getElementById("timeline-count");
        if (count) count.textContent = fresh.getElementById("timeline-count")?.textContent ?? "";
        layOut();
      }
    }
  } catch {
    // The server is away; EventSource tries again by itself, and its first message brings us back here.
  }
  await new Promise((done) => setTimeout(done, RENEW_PAUSE));
  busy = false;
  if (more) {
    more = false;
    renew();
  }
}
new EventSource("/events").addEventListener("state", renew);
