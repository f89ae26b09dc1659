// A document: the field at work is lit on the page, a place on the page leads to its field, and ↑ ↓ walk the fields.
const fields = [...document.querySelectorAll(".field-row")];
const boxes = () => document.querySelectorAll("rect[data-field]"); // the viewer puts other pages in their place

function light(name) {
  fields.forEach((row) => row.classList.toggle("on", row.dataset.name === name));
  boxes().forEach((box) => box.classList.toggle("on", box.dataset.field === name));
}

function enter(row) {
  const input = row.querySelector("[name=value]");
  if (!input) return;
  input.focus();
  if (input.select) input.select();
}

fields.forEach((row, at) => {
  row.addEventListener("focusin", () => light(row.dataset.name));
  row.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const text = event.target, inText = text.matches("textarea");
    // Inside a text of several lines the arrows walk its lines first.
    if (event.key === "ArrowDown" && (!inText || text.selectionEnd === text.value.length) && fields[at + 1]) { event.preventDefault(); enter(fields[at + 1]); }
    if (event.key === "ArrowUp" && (!inText || text.selectionStart === 0) && fields[at - 1]) { event.preventDefault(); enter(fields[at - 1]); }
    if (event.key === "Enter" && inText && !event.shiftKey) { event.preventDefault(); row.requestSubmit(); }
  });
});
document.addEventListener("click", (event) => {
  // The text of the page lies over the boxes: a click chooses the field below it, a stroke selects text.
  if (!event.target.closest("[data-view]") || !getSelection().isCollapsed) return;
  const { clientX: x, clientY: y } = event;
  const inside = ({ left, right, top, bottom }) => left <= x && x <= right && top <= y && y <= bottom;
  const box = [...boxes()].find((one) => inside(one.getBoundingClientRect()));
  const row = box && document.getElementById(`f-${box.dataset.field}`);
  if (row) enter(row);
});
const chosen = fields.find((row) => row.classList.contains("on")); // the address names it, or its value was just refused
if (chosen) enter(chosen);
else if (!location.search.includes("q=") && fields.length && document.querySelector("[data-primary]")) light(fields[0].dataset.name);

// A search result that is chosen shows its page without a reload of the list.
const preview = document.getElementById("preview");
if (preview) {
  let last = null;
  document.addEventListener("row-chosen", async (event) => {
    const link = event.target.querySelector("[data-preview]");
    if (!link || link.href === last) return;
    last = link.href;
    const answer = await fetch(link.href, { credentials: "same-origin" });
    if (!answer.ok || link.href !== last) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("preview");
    if (page) preview.replaceChildren(...page.childNodes);
  });
}
