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

async function carry(file, line) {
  line.bar.max = file.size;
  say(line, "soon", word("sending"));
  const got = await send(file, {
    address: form.dataset.uploads,
    batch: form.elements.batch.value,
    department: form.elements.department_id ? form.elements.department_id.value : "",
    progress: (bytes) => { line.bar.value = bytes; say(line, "soon", word("sending")); },
    broken: () => say(line, "soon", word("again")),
  });
  if (got.document) {
    link(line, form.dataset.document.replace(/-$/, got.document));
    if (got.status !== "duplicate") {
      say(line, "soon", word("waiting"));
      line.bar.removeAttribute("value");
      waiting.set(got.document, { line, page: form.dataset.batch.replace(/[^/]*$/, got.batch) });
      return;
    }
    say(line, "grey", word("duplicate"));
  } else say(line, "late", word(got.status), got.why);
  line.bar.remove();
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
  const lines = [...files].map((file) => [file, row(file)]);
  input.value = "";
  for (const [file, line] of lines) {
    await carry(file, line);
    poll();
  }
}

form.addEventListener("submit", (event) => {
  if (form.elements.split.checked) return; // a stack is cut while the browser waits, and its batch is shown
  event.preventDefault();
  if (input.files.length) take(input.files);
});
for (const name of ["dragover", "dragenter"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (form.elements.split.checked) { input.files = event.dataTransfer.files; form.requestSubmit(); return; }
  if (event.dataTransfer.files.length) take(event.dataTransfer.files);
});
