// Uploading: files are dragged in or chosen, go one after the other, and each says how far it is: sent, read, done.
import { send } from "./tus.js";

const form = document.getElementById("upload");
const drop = document.getElementById("drop");
const input = document.getElementById("files");
const panel = document.getElementById("progress");
const body = panel.querySelector("tbody");
const word = (name) => document.querySelector(`#said`).content.querySelector(`[data-word=${name}]`).textContent;
const waiting = new Map();
let polling = false;

function row(file) {
  const line = body.insertRow();
  const name = line.insertCell();
  name.textContent = file.name;
  const state = line.insertCell();
  const span = state.appendChild(document.createElement("span"));
  const bar = line.insertCell().appendChild(document.createElement("progress"));
  bar.setAttribute("aria-label", `${file.name} ${word("progress")}`);
  bar.max = 1;
  bar.value = 0;
  return { name, span, bar };
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

// What the form says of a stack; the paper is counted once, however many files it became.
function stackOf(first) {
  const { split, sheets, sides, order } = form.elements;
  if (!split.checked) return null;
  return { split: "true", sheets: first ? sheets.value : "", sides: sides.value === "0" ? "" : sides.value, order: order.value };
}

// Returns the page of the batch when the file was cut, "" otherwise.
async function carry(file, line, stack) {
  line.bar.max = file.size;
  say(line, "soon", word("sending"));
  const got = await send(file, {
    address: form.dataset.uploads,
    batch: form.elements.batch.value,
    department: form.elements.department_id ? form.elements.department_id.value : "",
    stack,
    progress: (bytes) => { line.bar.value = bytes; say(line, "soon", word("sending")); },
    broken: () => say(line, "soon", word("again")),
  });
  if (got.batch && !got.document) { // cut: what became of it is on the page of its batch
    const page = form.dataset.batch.replace(/[^/]*$/, encodeURIComponent(got.batch));
    link(line, page);
    say(line, got.status === "duplicate" ? "grey" : "good", word(got.status === "duplicate" ? "duplicate" : "cut"));
    line.bar.remove();
    return page;
  }
  if (got.document) {
    link(line, form.dataset.document.replace(/-$/, got.document));
    if (got.status !== "duplicate") {
      say(line, "soon", word("waiting"));
      line.bar.removeAttribute("value");
      waiting.set(got.document, { line, page: form.dataset.batch.replace(/[^/]*$/, got.batch) });
      return "";
    }
    say(line, "grey", word("duplicate"));
  } else say(line, "late", word(got.status), got.why);
  line.bar.remove();
  return "";
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
      if (!["received", "reading"].includes(document.status)) {
        line.name.querySelector("a").textContent = document.title;
        line.bar.remove();
        waiting.delete(document.id);
      }
    }
  }
  polling = false;
}

async function take(files) {
  panel.hidden = false;
  const lines = [...files].map((file, number) => [file, row(file), stackOf(number === 0)]);
  input.value = "";
  const pages = new Set();
  for (const [file, line, stack] of lines) {
    pages.add(await carry(file, line, stack));
    poll();
  }
  const [page] = pages;
  if (page && pages.size === 1) location.assign(page); // all of it was cut: its pages are looked at next
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (input.files.length) take(input.files);
});
for (const name of ["dragover", "dragenter"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) take(event.dataTransfer.files);
});
