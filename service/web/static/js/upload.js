// Uploading: files are dragged in or chosen, looked at and put in order, then go one after the other; each says how far it is.
import { send } from "./tus.js";

const form = document.getElementById("upload");
const drop = document.getElementById("drop");
const input = document.getElementById("files");
const panel = document.getElementById("progress");
const body = panel.querySelector("tbody");
const arranging = document.getElementById("arranging");
const word = (name) => document.querySelector(`#said`).content.querySelector(`[data-word=${name}]`).textContent;
const waiting = new Map();
const chosen = []; // not sent yet, in the order in which they will go
const SMALL = 96; // pixels: the longer side of a preview
const SHOWN = 6; // pages of a file that are shown as they are read
const pages = new Set(); // of the batches in which what was sent was cut; "" of what was not
let polling = false;
let lots = 0; // sent off and not through
let sending = Promise.resolve();

function button(text, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-sm btn-quiet";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

function row(file) {
  const tr = body.insertRow();
  const view = tr.insertCell().appendChild(document.createElement("div"));
  view.className = "previews";
  const name = tr.insertCell();
  name.className = "wide";
  name.textContent = file.name;
  const span = tr.insertCell().appendChild(document.createElement("span"));
  const last = tr.insertCell().appendChild(document.createElement("div"));
  last.className = "inline-flex together";
  const line = { file, tr, view, name, span, last, bar: null, told: new Set() };
  last.append(
    button("↑", `${file.name} ${word("earlier")}`, (event) => move(line, -1, event.target)),
    button("↓", `${file.name} ${word("later")}`, (event) => move(line, 1, event.target)),
    button("×", `${file.name} ${word("leave_out")}`, () => leaveOut(line)),
  );
  say(line, "grey", word("chosen"));
  preview(line);
  return line;
}

// The browser's own picture of what it can open; anything else is shown once the server has read its pages.
async function preview(line) {
  const kind = line.view.appendChild(document.createElement("span"));
  kind.className = "preview chip";
  kind.textContent = (line.file.name.match(/\.([^.]{1,5})$/) || ["", "?"])[1].toUpperCase();
  if (!/^image\/(jpeg|png|webp|bmp)$/.test(line.file.type)) return;
  const picture = await createImageBitmap(line.file).catch(() => null);
  if (!picture) return; // not what it says it is: the server will tell why
  const scale = Math.min(1, SMALL / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.className = "preview";
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${line.file.name} ${word("preview")}`);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  kind.replaceWith(canvas);
}

function move(line, by, pressed) {
  const at = chosen.indexOf(line);
  const other = chosen[at + by];
  if (!other) return;
  [chosen[at], chosen[at + by]] = [other, line];
  if (by < 0) other.tr.before(line.tr); else other.tr.after(line.tr);
  pressed.focus();
}

function leaveOut(line) {
  const at = chosen.indexOf(line);
  chosen.splice(at, 1);
  line.tr.remove();
  const next = chosen[Math.min(at, chosen.length - 1)];
  (next ? next.last.lastElementChild : input).focus();
  if (!body.rows.length) panel.hidden = true;
}

function choose(files) {
  if (!files.length) return;
  panel.hidden = false;
  for (const file of files) chosen.push(row(file));
  input.value = "";
  input.required = false; // what is to be sent stands in the list
}

function say(line, colour, text, why) {
  line.span.className = `state ${colour}`;
  if (line.span.textContent !== text) line.span.textContent = text; // a reader of the screen hears each word once
  if (why) {
    const small = line.name.appendChild(document.createElement("div"));
    small.className = "why";
    small.textContent = why;
  }
}

function link(line, href) {
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.textContent = line.name.textContent;
  line.name.replaceChildren(anchor);
}

// What the form says of a stack, when it is sent off.
function stackOf() {
  const { split, sheets, sides, order } = form.elements;
  if (!split.checked) return null;
  return { split: "true", sheets: sheets.value, sides: sides.value === "0" ? "" : sides.value, order: order.value };
}

function start(line) {
  line.bar = document.createElement("progress");
  line.bar.setAttribute("aria-label", `${line.file.name} ${word("progress")}`);
  line.bar.max = 1;
  line.bar.value = 0;
  line.stopping = new AbortController();
  line.stop = button("×", `${line.file.name} ${word("stop")}`, () => {
    // Who goes by the keyboard stays in the list: at the next file that can still be stopped.
    const stops = [...body.querySelectorAll("button")];
    (stops[stops.indexOf(line.stop) + 1] || stops[stops.indexOf(line.stop) - 1] || document.querySelector("[data-primary]")).focus();
    line.stop.remove();
    line.stopping.abort();
    say(line, "grey", word("stopped"));
  });
  line.last.replaceChildren(line.bar, line.stop);
  say(line, "grey", word("queued"));
}

// Returns the page of the batch when the file was cut, "" otherwise.
async function carry(line, stack) {
  const { file } = line;
  line.bar.max = file.size;
  if (!line.stopping.signal.aborted) say(line, "soon", word("sending"));
  const got = await send(file, {
    signal: line.stopping.signal,
    address: form.dataset.uploads,
    batch: form.elements.batch.value,
    department: form.elements.department_id ? form.elements.department_id.value : "",
    stack,
    progress: (bytes) => { line.bar.value = bytes; if (!line.stopping.signal.aborted) say(line, "soon", word("sending")); },
    broken: () => say(line, "soon", word("again")),
  });
  line.stop.remove();
  if (got.batch && !got.document) { // cut: what became of it is on the page of its batch
    const page = form.dataset.batch.replace(/[^/]*$/, encodeURIComponent(got.batch));
    link(line, page);
    say(line, got.status === "duplicate" ? "grey" : "good", word(got.status === "duplicate" ? "duplicate" : "cut"));
    line.bar.remove();
    return page;
  }
  if (got.document) {
    if (!got.shut) link(line, form.dataset.document.replace(/-$/, got.document));
    if (got.status !== "duplicate") {
      say(line, "soon", word("waiting"));
      line.bar.removeAttribute("value");
      waiting.set(got.document, { line, page: form.dataset.batch.replace(/[^/]*$/, got.batch) });
      if (got.batch === form.elements.batch.value) arranging.hidden = false;
      return "";
    }
    say(line, "grey", word("duplicate"), got.shut ? word("shut") : "");
  } else say(line, got.status === "stopped" ? "grey" : "late", word(got.status), got.why);
  line.bar.remove();
  return "";
}

// The first pages, as they are read: of what the browser could not show by itself.
function showPages(line, document_) {
  const first = line.view.querySelector("canvas");
  if (first) return;
  const there = line.view.querySelectorAll("img").length;
  if (!there && document_.pages_read) line.view.replaceChildren();
  for (let number = there + 1; number <= Math.min(document_.pages_read, SHOWN); number += 1) {
    const picture = document.createElement("img");
    picture.className = "preview";
    picture.loading = "lazy";
    picture.src = `${document_.href}/pages/${number}.jpg`;
    picture.alt = word("page").replace("0", number);
    line.view.append(picture);
  }
}

// Which pages are to be scanned again, and why, while the paper still lies there.
function showBelow(line, document_) {
  for (const { page, why } of document_.rescan) {
    const key = `${page} ${why}`;
    if (line.told.has(key)) continue;
    line.told.add(key);
    const small = line.name.appendChild(document.createElement("div"));
    small.className = "why late";
    small.textContent = why;
  }
  for (const { page, why } of document_.rescan) {
    const picture = line.view.querySelector("canvas") || line.view.querySelectorAll("img")[page - 1];
    if (!picture) continue;
    picture.classList.add("below");
    picture.title = why;
  }
}

async function poll() {
  if (polling) return;
  polling = true;
  while (waiting.size) {
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    const documents = [];
    for (const page of new Set([...waiting.values()].map((entry) => entry.page))) {
      const answer = await fetch(`${page}/progress`, { headers: { Accept: "application/json" } }).catch(() => null);
      if (answer && answer.ok) documents.push(...(await answer.json()).documents);
    }
    for (const document of documents) {
      if (!waiting.has(document.id)) continue;
      const { line } = waiting.get(document.id);
      line.bar.max = document.pages;
      line.bar.value = document.pages_read;
      say(line, document.colour, `${document.word} ${document.pages_read} / ${document.pages}`);
      showPages(line, document);
      showBelow(line, document);
      if (!["received", "reading"].includes(document.status)) {
        line.name.querySelector("a").textContent = document.title;
        line.bar.remove();
        waiting.delete(document.id);
      }
    }
  }
  polling = false;
}

// stack: of all these files; the paper is counted once, with the first that is taken, however many files it became.
async function take(lines, stack) {
  let counted = false;
  for (const line of lines) {
    const page = await carry(line, counted ? { ...stack, sheets: "" } : stack);
    counted ||= Boolean(page);
    pages.add(page);
    poll();
  }
  lots -= 1;
  if (lots || chosen.length) return; // whoever put more into the list stays with it
  const [page] = pages;
  if (page && pages.size === 1) location.assign(page); // all of the list was cut: its pages are looked at next
  else if (form.elements.arrange.checked && !arranging.hidden) arranging.requestSubmit();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const lines = chosen.splice(0);
  if (!lines.length) return;
  const stack = stackOf();
  lines.forEach(start);
  lots += 1;
  sending = sending.then(() => take(lines, stack)); // what is added meanwhile waits its turn
});
// The list is nowhere else: whoever goes while something in it is not sent is asked.
addEventListener("beforeunload", (event) => { if (lots || chosen.length) event.preventDefault(); });
// Without this what the browser kept of an earlier visit would be sent, but not shown.
choose(input.files);
input.addEventListener("change", () => choose(input.files));
for (const name of ["dragover", "dragenter"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  choose(event.dataTransfer.files);
  form.querySelector("[data-primary]").focus();
});
