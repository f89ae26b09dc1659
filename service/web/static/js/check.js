// The checking screen: the field at work is lit and scrolled to on its page, keys do everything, codes and sums are checked as
// they are typed, and words chosen on the page fill the field. Everything is decided again by the server.
const form = document.querySelector("[data-check]");
const rows = [...form.querySelectorAll(".field-row")];
const ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ZOOMS = [100, 150, 200, 300];
let current = rows.find((row) => row.classList.contains("on")) || rows[0] || null;

const inputOf = (row) => row && row.querySelector("input[id^='v-'], textarea[id^='v-'], input[type=radio]:not([disabled])");
const view = () => document.querySelector("[data-view]");
const boxOf = (row) => row && document.querySelector(`rect[data-field="${row.dataset.name}"]`);

// GB 32100-2015 and GB 11643: the same arithmetic as the server's.
function creditCodeFits(code) {
  if (!/^[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}$/.test(code)) return false;
  const total = WEIGHTS.reduce((sum, weight, at) => sum + weight * ALPHABET.indexOf(code[at]), 0);
  return ALPHABET[(31 - (total % 31)) % 31] === code[17];
}
function identityFits(number) {
  if (!/^\d{17}[\dX]$/.test(number)) return false;
  const total = [...number.slice(0, 17)].reduce((sum, digit, at) => sum + Number(digit) * (2 ** (17 - at) % 11), 0);
  return "10X98765432"[total % 11] === number[17];
}
const narrow = (text) => text.normalize("NFKC").replace(/[\s\-_.·]/g, "").toUpperCase();

function verdict(row, text) {
  const say = form.dataset;
  if (row.dataset.kind === "code" || row.dataset.kind === "identity_number") {
    const code = narrow(text);
    if (!code || /^(\d{13}|\d{15})$/.test(code)) return null;
    if (code.length !== 18) return ["bad", `${say.short}${code.length} / 18`];
    const fits = row.dataset.kind === "code" ? creditCodeFits(code) : identityFits(code);
    return fits ? ["good", say.ok] : ["bad", say.bad];
  }
  if (row.dataset.kind === "money" && row.dataset.elsewhere) {
    const plain = text.normalize("NFKC").replace(/[,\s¥元]/g, "");
    if (!/^\d+(\.\d{1,2})?$/.test(plain)) return null;
    const sum = Number(plain).toFixed(2);
    // The capitals beside the value; what was chosen anew on the page has others beside it, which the server knows.
    const moved = row.querySelector("[name^='place-']");
    const own = moved && moved.value ? [] : (row.dataset.capitals || "").split(" ").filter(Boolean);
    if (own.length && !own.includes(sum)) return ["bad", `${say.differs} ${own.join(say.and)}`];
    if (own.length === 1) return ["good", say.agrees];
    return row.dataset.elsewhere.split(" ").includes(sum) ? ["", say.elsewhere] : null;
  }
  return null;
}

function difference(before, after) {
  let head = 0;
  while (head < before.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const piece = (tag, text) => { const node = document.createElement(tag); node.textContent = text; return node; };
  const shown = document.createElement("span");
  shown.className = "printed";
  shown.append(before.slice(0, head));
  if (head < before.length - tail) shown.append(piece("del", before.slice(head, before.length - tail)));
  if (head < after.length - tail) shown.append(piece("ins", after.slice(head, after.length - tail)));
  shown.append(before.slice(before.length - tail));
  return shown;
}

function judge(row) {
  const input = inputOf(row);
  const live = row.querySelector("[data-live]");
  if (!input || input.type === "radio" || !live) return;
  const shown = row.querySelector(`[name="before-${row.dataset.name}"]`).value;
  const found = verdict(row, input.value);
  live.replaceChildren();
  live.className = `live ${found ? found[0] : ""}`;
  if (found) live.append(found[1], " ");
  // What does not fit is seen before anybody comes to the field.
  row.querySelector(".note").classList.toggle("bad", Boolean(found) && found[0] === "bad");
  if (input.value.trim() !== shown && shown) live.append(form.dataset.changed, difference(shown, input.value.trim()));
  const tick = row.querySelector("[name^='ok-']");
  const gone = goneOf(row);
  if (tick) tick.disabled = input.value.trim() !== shown || Boolean(gone && gone.checked !== gone.defaultChecked);
}

// Said of a field that the paper does not have: its value is struck out on the screen, and typing takes the word back.
const goneOf = (row) => row && row.querySelector("[data-gone]");
function strike(row, typed = false) {
  const gone = goneOf(row), input = inputOf(row);
  if (!gone || !input) return;
  if (typed && input.value.trim()) gone.checked = false;
  row.classList.toggle("struck", gone.checked);
  judge(row);
}
function gone() {
  const tick = goneOf(current);
  if (!tick) return false;
  tick.checked = !tick.checked;
  strike(current);
  return true;
}

function reveal(row) {
  const box = boxOf(row), frame = view();
  if (!box || !frame) return;
  const place = box.getBoundingClientRect(), edge = frame.getBoundingClientRect();
  frame.scrollBy({ left: (place.left + place.right - edge.left - edge.right) / 2, top: (place.top + place.bottom - edge.top - edge.bottom) / 2 });
}

async function light(row) {
  current = row;
  rows.forEach((other) => other.classList.toggle("on", other === row));
  const page = Number(row.dataset.page);
  if (page && view() && page !== Number(view().dataset.page)) await turnTo(page);
  document.querySelectorAll("rect[data-field]").forEach((box) => box.classList.toggle("on", box.dataset.field === row.dataset.name));
  reveal(row);
}

function enter(row) {
  const input = inputOf(row);
  if (!input) return false;
  input.focus();
  if (input.select && input.type !== "radio") input.select();
  return true;
}

function step(by) {
  for (let at = rows.indexOf(current) + by; at >= 0 && at < rows.length; at += by) if (!("added" in rows[at].dataset) && enter(rows[at])) return true;
  if (by > 0) settle() || document.querySelector("[data-primary]").focus();
  return true;
}

// What is to be settled about the pages comes after the fields: the first that is not ticked yet.
function settle() {
  const tick = form.querySelector("[data-settle]:not(:checked)");
  if (tick) tick.focus();
  return tick !== null;
}

// Pages: only the page is fetched anew, what was typed stays.
let asked = 0;
async function turnTo(page, changes = {}) {
  const address = new URL(location.href);
  address.searchParams.set("leaf", page);
  const svg = document.querySelector("svg.sheet");
  const seen = { zoom: ZOOMS.find((z) => svg && svg.classList.contains(`z${z}`)), turn: svg && svg.dataset.angle, ...changes };
  Object.entries(seen).forEach(([name, value]) => value !== undefined && address.searchParams.set(name, value));
  const mine = ++asked;
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok || mine !== asked) return;
  const fetched = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!fetched.getElementById("paper")) return;
  for (const id of ["paper", "quality"]) document.getElementById(id).replaceChildren(...fetched.getElementById(id).childNodes);
  form.querySelector("[name=leaf]").value = page;
  prepare();
  if (current) document.querySelectorAll("rect[data-field]").forEach((box) => box.classList.toggle("on", box.dataset.field === current.dataset.name));
}

function leaf(by) {
  const link = document.querySelector(by > 0 ? "#paper a[rel=next]" : "#paper a[rel=prev]");
  if (link) turnTo(Number(link.dataset.leaf));
  return true;
}

function zoom(by) {
  const svg = document.querySelector("svg.sheet");
  if (!svg) return false;
  const now = ZOOMS.findIndex((size) => svg.classList.contains(`z${size}`));
  const next = by === 0 ? 0 : Math.min(Math.max(now + by, 0), ZOOMS.length - 1);
  svg.classList.replace(`z${ZOOMS[now]}`, `z${ZOOMS[next]}`);
  if (current) reveal(current);
  return true;
}

function turn() {
  const svg = document.querySelector("svg.sheet");
  if (!svg) return false;
  const angle = (Number(svg.dataset.angle) + 90) % 360;
  const w = Number(svg.dataset.width), h = Number(svg.dataset.height);
  svg.dataset.angle = angle;
  svg.setAttribute("viewBox", angle % 180 ? `0 0 ${h} ${w}` : `0 0 ${w} ${h}`);
  const moved = { 0: "", 90: `translate(${h} 0) rotate(90)`, 180: `translate(${w} ${h}) rotate(180)`, 270: `translate(0 ${w}) rotate(270)` };
  svg.querySelector("[data-turned]").setAttribute("transform", moved[angle]);
  if (current) reveal(current);
  return true;
}

function pan(x, y) {
  const frame = view();
  if (frame) frame.scrollBy({ left: x * 120, top: y * 120 });
  return frame !== null;
}

// Words of the page: a click takes one, a press and a stroke take all between, Shift and a click stretch to there.
let first = null;
function take(from, to) {
  const all = [...document.querySelectorAll("[data-glyphs] rect")];
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  all.forEach((rect, at) => rect.classList.toggle("on", at >= low && at <= high));
  const chosen = all.slice(low, high + 1);
  const input = inputOf(current);
  if (!chosen.length || !input || input.type === "radio") return;
  input.value = chosen.map((rect, at) => (at && rect.dataset.space ? " " : "") + rect.dataset.text).join("");
  const side = (name) => chosen.map((rect) => Number(rect.getAttribute(name)));
  const xs = side("x"), ys = side("y"), ws = side("width"), hs = side("height");
  const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs.map((x, at) => x + ws[at])), Math.max(...ys.map((y, at) => y + hs[at]))];
  current.querySelector("[name^='place-']").value = [view().dataset.page, ...box.map(Math.round)].join(",");
  judge(current);
  input.focus();
}

function ownerOf(rect) {
  const at = (node, name) => Number(node.getAttribute(name));
  const x = at(rect, "x") + at(rect, "width") / 2, y = at(rect, "y") + at(rect, "height") / 2;
  const box = [...document.querySelectorAll("rect[data-field]")].find((it) => x >= at(it, "x") && x <= at(it, "x") + at(it, "width") && y >= at(it, "y") && y <= at(it, "y") + at(it, "height"));
  return box ? document.getElementById(`f-${box.dataset.field}`) : null;
}

async function prepare() {
  const frame = view();
  if (!frame) return;
  const glyphs = frame.querySelector("[data-glyphs]");
  const answer = await fetch(frame.dataset.words, { credentials: "same-origin" });
  if (!answer.ok) return;
  const { words } = await answer.json();
  const made = words.map(([text, x0, y0, x1, y1, space], at) => {
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    Object.entries({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 }).forEach(([name, value]) => rect.setAttribute(name, value));
    Object.assign(rect.dataset, { text, at }, space ? { space } : {});
    return rect;
  });
  glyphs.replaceChildren(...made);
  glyphs.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    if (event.shiftKey && first !== null) return;
    first = Number(event.target.dataset.at);
  });
  glyphs.addEventListener("pointerup", (event) => {
    const at = Number(event.target.dataset.at);
    const other = first === at && !event.shiftKey && ownerOf(event.target);
    // A single click on another field's value goes to that field; it never overwrites the one at work.
    if (other && other !== current) { first = null; enter(other); } else if (first !== null) take(first, at);
  });
  frame.addEventListener("wheel", (event) => { if (event.ctrlKey) { event.preventDefault(); zoom(event.deltaY < 0 ? 1 : -1); } }, { passive: false });
}

const press = (selector) => { const found = document.querySelector(selector); if (found) found.click(); return found !== null; };
function help() {
  const dialog = document.getElementById("keys");
  if (dialog.open) dialog.close(); else dialog.showModal();
  return true;
}
const acts = {
  "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1), 0: () => zoom(0), r: turn, n: () => press("[data-skip]"), z: () => press("[data-undo]"),
  x: gone, a: () => { document.getElementById("add-name").focus(); return true; }, c: () => { document.getElementById("category").focus(); return true; }, p: settle, "/": help,
  ArrowLeft: () => pan(-1, 0), ArrowRight: () => pan(1, 0), ArrowUp: () => pan(0, -1), ArrowDown: () => pan(0, 1),
};
// Where Alt makes another sign of a key (Option on a Mac), the key that lies there counts.
const LYING = { Equal: "+", Minus: "-", Slash: "/", Digit0: "0" };
function actOf({ key, code, altKey }) {
  const act = acts[key.length === 1 ? key.toLowerCase() : key];
  return act || !altKey || /^[ -~]$/.test(key) ? act : acts[LYING[code] || code.replace(/^Key/, "").toLowerCase()];
}
const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select") !== null;

document.addEventListener("keydown", (event) => {
  const { key } = event;
  if (document.getElementById("keys").open || event.isComposing) return;
  const done = () => { event.preventDefault(); event.stopPropagation(); };
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "s") { done(); press("[data-save]"); return; }
  if (event.ctrlKey || event.metaKey) return;
  if (key === "PageDown" || key === "PageUp") { done(); leaf(key === "PageDown" ? 1 : -1); return; }
  const inRow = event.target.closest(".field-row");
  if (event.altKey || !typing(event.target)) {
    const act = actOf(event);
    const arrow = key.startsWith("Arrow");
    // "/" alone is the search of every page, and arrows alone belong to radio buttons and to the page itself.
    if (act && (event.altKey || (!arrow && key !== "/" && !event.target.matches("button, a")))) { if (act()) done(); return; }
  }
  if (event.altKey) return;
  if (key === "Enter" && event.target.matches("[data-settle]")) { done(); event.target.checked = true; settle() || document.querySelector("[data-primary]").focus(); return; }
  if (key === "Escape" && inRow && typing(event.target)) { const frame = view(); if (frame) { done(); frame.focus(); } return; }
  if (key === "Enter" && event.target.id === "add-name") { done(); enter(inRow); return; }
  // Enter on one of two values is its choice; the arrows go between them.
  if (key === "Enter" && inRow && event.target.matches("[type=radio]")) {
    done();
    event.target.checked = true;
    if (event.target.value === "other") inRow.querySelector("[id^='v-']").focus(); else step(1);
    return;
  }
  if (!inRow || event.target.matches("[type=radio], select")) return;
  // In a value of several lines the arrows go through the lines first; all of it chosen, as on arriving, they go on.
  const text = event.target.matches("textarea") ? event.target : null;
  if (key === "ArrowDown" && (!text || text.selectionEnd === text.value.length)) { done(); step(1); }
  if (key === "ArrowUp" && (!text || text.selectionStart === 0)) { done(); step(-1); }
  if (key === "Enter" && !event.shiftKey && !event.target.matches("button, a")) {
    done();
    const tick = inRow.querySelector("[name^='ok-']");
    if (tick && !tick.disabled) tick.checked = true;
    step(1);
  }
}, true);

rows.forEach((row) => {
  row.addEventListener("focusin", () => { if (current !== row || !row.classList.contains("on")) light(row); else reveal(row); });
  row.addEventListener("input", (event) => {
    strike(row, !event.target.matches("[data-gone]"));
    judge(row);
    const other = row.querySelector("[type=radio][value=other]");
    if (other && document.activeElement === row.querySelector("[id^='v-']")) other.checked = true;
  });
  strike(row);
  judge(row);
});
document.addEventListener("click", (event) => {
  const box = event.target.closest("rect[data-field]");
  if (box) { enter(document.getElementById(`f-${box.dataset.field}`)); return; }
  const page = event.target.closest("a[data-leaf]");
  if (page) { event.preventDefault(); turnTo(Number(page.dataset.leaf)); return; }
  const tool = [["[data-zoom-in]", () => zoom(1)], ["[data-zoom-out]", () => zoom(-1)], ["[data-turn]", turn]].find(([selector]) => event.target.closest(selector));
  if (tool) { event.preventDefault(); tool[1](); }
});

// A field that is added is checked as what it is said to be.
document.getElementById("add-name").addEventListener("change", ({ target }) => {
  const row = target.closest(".field-row");
  row.dataset.kind = target.selectedOptions[0].dataset.kind;
  judge(row);
});

prepare();
if (current && !document.querySelector("[role=alert]")) enter(current);
else { const wrong = form.querySelector("[aria-invalid=true]"); if (wrong) wrong.focus(); else if (current) enter(current); }

// What was typed, decided or struck out is not lost by leaving: the browser asks first.
function unsaved() {
  const differs = (row) => {
    if (row.querySelector("[type=radio]")) return row.querySelector("[type=radio]:checked") !== null;
    const tick = goneOf(row), before = row.querySelector("[name^='before-']").value;
    return inputOf(row).value.trim() !== before.trim() || Boolean(tick && tick.checked !== (row.querySelector("[name^='absent-']") !== null));
  };
  return rows.some(differs) || form.elements.category.value !== form.elements["before-category"].value;
}
let sending = false;
form.addEventListener("submit", () => { sending = true; });
addEventListener("pageshow", () => { sending = false; });
addEventListener("beforeunload", (event) => { if (!sending && unsaved()) event.preventDefault(); });

// The place at the desk lasts as long as somebody sits there.
const token = document.querySelector("meta[name=csrf]").content;
setInterval(() => fetch(form.dataset.stay, { method: "POST", headers: { "X-CSRFToken": token }, credentials: "same-origin" }).catch(() => undefined), 180_000);
