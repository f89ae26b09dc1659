// The viewer: places of a query, pages, zoom and rotation without loading the whole document's page anew. Every one of them
// is an address that the server answers too, so all of it works without this script.
const paper = document.getElementById("paper");
const ZOOMS = ["width", "150", "200", "300"];
const view = () => paper.querySelector("[data-view]");
const sheet = () => paper.querySelector("svg.sheet");
const find = (selector) => paper.querySelector(selector);
const said = document.createElement("p");
said.className = "visually-hidden";
said.setAttribute("aria-live", "polite");
paper.after(said);

function address(changes) {
  const at = new URL(location.href);
  at.hash = "";
  Object.entries(changes).forEach(([name, value]) => (value ? at.searchParams.set(name, value) : at.searchParams.delete(name)));
  return at;
}

// Where the chosen place lies is brought into the middle of the frame.
function reveal() {
  const place = find("rect.hit.on"), frame = view();
  if (!place || !frame) return;
  const box = place.getBoundingClientRect(), edge = frame.getBoundingClientRect();
  frame.scrollBy({ left: (box.left + box.right - edge.left - edge.right) / 2, top: (box.top + box.bottom - edge.top - edge.bottom) / 2 });
}

// Whatever leads away from here keeps how the page is seen, and what is chosen.
function freshen() {
  const now = new URL(location.href).searchParams;
  paper.querySelectorAll("[data-tools] a, .strip a, .places-list a").forEach((link) => {
    const to = new URL(link.href.baseVal || link.href, location.href);
    ["zoom", "turn"].forEach((name) => (now.get(name) ? to.searchParams.set(name, now.get(name)) : to.searchParams.delete(name)));
    link.setAttribute("href", to.pathname + to.search + to.hash);
  });
}

function choose(number) {
  const count = find("[data-count]"), total = Number(count.dataset.total);
  paper.querySelectorAll("rect.hit").forEach((box) => box.classList.toggle("on", Number(box.dataset.hit) === number));
  count.textContent = said.textContent = count.dataset.say.replace("{hit}", number);
  [["[data-hit-prev]", number - 1], ["[data-hit-next]", number + 1]].forEach(([selector, to]) => {
    const link = find(selector);
    link.dataset.toHit = to;
    link.hidden = to < 1 || to > total;
    link.setAttribute("href", `${address({ hit: to, leaf: null, field: null })}#hit-${to}`);
  });
  paper.querySelectorAll("[data-place]").forEach((row) => (Number(row.dataset.place) === number ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current")));
  history.replaceState(null, "", address({ hit: number, leaf: null, field: null }));
  reveal();
}

let asked = 0;
async function load(to, { push = true } = {}) {
  const mine = ++asked, open = [...paper.querySelectorAll("details")].map((part) => part.open && part.className);
  const held = document.activeElement && paper.contains(document.activeElement) ? document.activeElement : null;
  const kept = held && ["data-hit-next", "data-hit-prev", "rel", "data-view"].find((name) => held.hasAttribute(name));
  const again = kept && (held.getAttribute(kept) ? `[${kept}="${held.getAttribute(kept)}"]` : `[${kept}]`);
  let answer;
  try {
    answer = await fetch(to, { credentials: "same-origin" });
  } catch {
    location.assign(to); // the browser says what is wrong with the network better than we could
    return;
  }
  if (mine !== asked) return;
  const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("paper");
  if (mine !== asked) return;
  if (!fresh) { location.assign(to); return; } // signed out, or gone: the whole page says so
  if (push) history.pushState(null, "", to);
  paper.replaceChildren(...fresh.childNodes);
  paper.querySelectorAll("details").forEach((part) => { part.open = open.includes(part.className) && part.className !== ""; });
  const target = held && (find(again || "[data-view]") || view());
  if (target) (target.hidden ? view() : target).focus({ preventScroll: true });
  document.querySelectorAll("input[type=hidden][name=leaf]").forEach((input) => { input.value = view() ? view().dataset.page : input.value; });
  prepare();
  const count = find("[data-count]");
  said.textContent = [view() && view().getAttribute("aria-label"), count && count.textContent].filter(Boolean).join(" · ");
}

function toHit(number) {
  if (!number) return;
  if (find(`rect.hit[data-hit="${number}"]`)) choose(number);
  else load(address({ hit: number, leaf: null, field: null }));
}
const toLeaf = (number) => load(address({ leaf: number, hit: null, field: null }));

const zoomOf = () => ["page", ...ZOOMS].find((name) => sheet().classList.contains(`z${name}`));
function zoom(name) {
  const frame = view(), toggle = find("[data-zoom]");
  const middle = [(frame.scrollLeft + frame.clientWidth / 2) / frame.scrollWidth, (frame.scrollTop + frame.clientHeight / 2) / frame.scrollHeight];
  const was = zoomOf();
  sheet().classList.replace(`z${was}`, `z${name}`);
  if ((was === "page") !== (name === "page")) [toggle.textContent, toggle.dataset.other] = [toggle.dataset.other, toggle.textContent];
  frame.scrollTo(middle[0] * frame.scrollWidth - frame.clientWidth / 2, middle[1] * frame.scrollHeight - frame.clientHeight / 2);
  history.replaceState(null, "", address({ zoom: name === "width" ? null : name }));
  freshen();
  reveal();
  return true;
}
const step = (by) => zoom(ZOOMS[Math.min(Math.max(ZOOMS.indexOf(zoomOf() === "page" ? "width" : zoomOf()) + by, 0), ZOOMS.length - 1)]);
const fit = () => zoom(zoomOf() === "page" ? "width" : "page");

function turn() {
  const svg = sheet(), angle = (Number(svg.dataset.angle) + 90) % 360, w = Number(svg.dataset.width), h = Number(svg.dataset.height);
  svg.dataset.angle = angle;
  svg.setAttribute("viewBox", angle % 180 ? `0 0 ${h} ${w}` : `0 0 ${w} ${h}`);
  const moved = { 0: "", 90: `translate(${h} 0) rotate(90)`, 180: `translate(${w} ${h}) rotate(180)`, 270: `translate(0 ${w}) rotate(270)` };
  svg.querySelector("[data-turned]").setAttribute("transform", moved[angle]);
  history.replaceState(null, "", address({ turn: angle || null }));
  freshen();
  reveal();
  return true;
}

// What is selected on the page, or all of it, in reading order.
function words() {
  const layer = find("[data-text]"), chosen = getSelection();
  if (layer && !chosen.isCollapsed && chosen.containsNode(layer, true)) return chosen.toString();
  return layer ? [...layer.querySelectorAll("text")].map((line) => line.textContent).join("\n") : "";
}
async function copy() {
  const text = words(), button = find("[data-copy]");
  if (!text || !button) return false;
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no clipboard on an address without TLS: the old way
    const box = document.createElement("textarea");
    box.value = text;
    paper.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  said.textContent = button.dataset.done;
  if (!button.dataset.word) button.dataset.word = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.textContent = button.dataset.word; }, 2000);
  return true;
}

function prepare() {
  const button = find("[data-copy]");
  if (button) button.hidden = !find("[data-text] text");
  if (view()) view().addEventListener("wheel", (event) => { if (event.ctrlKey) { event.preventDefault(); step(event.deltaY < 0 ? 1 : -1); } }, { passive: false });
  reveal();
}

const acts = { "+": () => step(1), "=": () => step(1), "-": () => step(-1), 0: () => zoom("width"), f: fit, r: turn, c: copy };
const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
document.addEventListener("keydown", (event) => {
  const dialog = document.getElementById("keys");
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || (dialog && dialog.open)) return;
  if (event.key === "PageDown" || event.key === "PageUp") {
    const link = find(event.key === "PageDown" ? "[data-tools] a[rel=next]" : "[data-tools] a[rel=prev]");
    if (link && !link.hidden) { event.preventDefault(); toLeaf(Number(link.dataset.leaf)); }
    return;
  }
  const act = sheet() && acts[event.key];
  if (act && act()) { event.preventDefault(); event.stopPropagation(); }
}, true);

paper.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // another window: the address is right
  const link = event.target.closest("a, [data-copy]");
  if (!link) return;
  const done = { hit: () => toHit(Number(link.dataset.toHit)), leaf: () => toLeaf(Number(link.dataset.leaf)) };
  const act = link.hidden ? () => undefined : link.dataset.toHit ? done.hit : link.dataset.leaf ? done.leaf
    : link.matches("[data-zoom]") ? fit : link.matches("[data-zoom-in]") ? () => step(1) : link.matches("[data-zoom-out]") ? () => step(-1)
      : link.matches("[data-turn]") ? turn : link.matches("[data-copy]") ? copy : null;
  if (act) { event.preventDefault(); act(); }
});
paper.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-to-leaf]")) return;
  event.preventDefault();
  toLeaf(event.target.elements.leaf.value);
});
window.addEventListener("popstate", () => load(location.href, { push: false }));
prepare();
