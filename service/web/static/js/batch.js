// A batch while it is cut and read: states and pages follow without a reload, and a reload does not take the chosen page away.
const head = document.querySelector("[data-progress]");
const table = document.getElementById("batch");
const leaves = document.getElementById("leaves");

async function follow() {
  const busy = "busy" in head.dataset;
  for (;;) {
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    const answer = await fetch(head.dataset.progress, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer) continue;
    if (!answer.ok) return;
    const news = await answer.json();
    for (const document of news.documents) show(document);
    if (busy && !news.busy) { again(); return; }
    // Whoever is working on the pages is not interrupted: every change of theirs loads the page anyway.
    if (!busy && !news.unfinished && !(leaves && leaves.contains(document.activeElement))) { again(); return; }
  }
}

function show(news) {
  const row = table && table.querySelector(`tr[data-document="${news.id}"]`);
  if (!row) return;
  const state = row.querySelector("[data-state] .state");
  state.className = `state ${news.colour}`;
  state.textContent = news.word;
  row.querySelector("[data-pages]").textContent = news.pages_read;
  const bar = row.querySelector("progress");
  if (bar) bar.value = news.pages_read;
}

function again() {
  const chosen = leaves && leaves.querySelector("input[type=radio]:checked");
  if (!chosen) { location.reload(); return; }
  const url = new URL(location.href);
  url.searchParams.set("on", chosen.value);
  url.hash = "";
  location.replace(url);
}

if (head && (Number(head.dataset.unfinished) || "busy" in head.dataset)) follow();
