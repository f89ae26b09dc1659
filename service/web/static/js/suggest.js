// What is typed into the search box is asked after while it is typed; the browser's own list (arrows, Enter, Escape) shows the answers.
const box = document.getElementById("q");
const list = document.getElementById("suggested");
let asked = "";
let waiting = 0;
let running = null;

async function ask() {
  const typed = box.value.trim();
  if (typed === asked || typed === "") return;
  asked = typed;
  if (running) running.abort();
  running = new AbortController();
  try {
    const answer = await fetch(`${box.dataset.suggest}?q=${encodeURIComponent(typed)}`, { signal: running.signal, headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { suggestions } = await answer.json();
    list.replaceChildren(...suggestions.map(({ text, query, kind }) => Object.assign(document.createElement("option"), { value: query, label: text === query ? kind : `${text} · ${kind}` })));
  } catch (error) {
    if (error.name !== "AbortError") asked = "";
  }
}

if (box && list) box.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(ask, 150);
});
