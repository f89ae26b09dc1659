// A batch while it is read: states and pages follow without a reload.
const table = document.getElementById("batch");

async function follow() {
  for (;;) {
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    const answer = await fetch(table.dataset.source, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer) continue;
    if (!answer.ok) return;
    const news = await answer.json();
    for (const document of news.documents) show(document);
    if (!news.unfinished) { location.reload(); return; }
  }
}

function show(news) {
  const row = table.querySelector(`tr[data-document="${news.id}"]`);
  if (!row) return;
  const state = row.querySelector("[data-state] .state");
  state.className = `state ${news.colour}`;
  state.textContent = news.word;
  row.querySelector("[data-pages]").textContent = news.pages_read;
  const bar = row.querySelector("progress");
  if (bar) bar.value = news.pages_read;
}

if (table && Number(table.dataset.unfinished)) follow();
