// Uploading: files are dragged in or chosen, go one after the other, and each says how far it is: sent, read, done.
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
  line.span.textContent = text;
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

function send(file, line) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const data = new FormData();
    for (const name of ["batch", "department_id"]) if (form.elements[name]) data.set(name, form.elements[name].value);
    data.set("files", file);
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", document.querySelector("meta[name=csrf]").content);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => { line.bar.max = event.total; line.bar.value = event.loaded; });
    request.addEventListener("loadend", () => {
      const answer = request.response;
      if (request.status === 401) say(line, "late", word("signed_out"));
      else if (request.status !== 200 || !answer) say(line, "late", word("lost"), answer && answer.error);
      else if (answer.status === "rejected") say(line, "late", word("rejected"), answer.why);
      else if (answer.status === "duplicate") { link(line, answer.href); say(line, "grey", word("duplicate")); }
      else { link(line, answer.href); say(line, "soon", word("waiting")); line.bar.removeAttribute("value"); waiting.set(answer.document_id, line); }
      if (!answer || answer.status !== "received") line.bar.remove();
      resolve();
    });
    say(line, "soon", word("sending"));
    request.send(data);
  });
}

async function poll() {
  if (polling) return;
  polling = true;
  while (waiting.size) {
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    const answer = await fetch(`${form.dataset.batch}/progress`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer || !answer.ok) continue;
    for (const document of (await answer.json()).documents) {
      const line = waiting.get(document.id);
      if (!line) continue;
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
    await send(file, line);
    poll();
  }
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
