// Keys that work on every page: / search, j k ↵ rows, n p hits, Ctrl ↵ the primary action, ? the table of keys.
const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
const rows = () => [...document.querySelectorAll("[data-row]")];

function move(step) {
  const all = rows();
  if (!all.length) return false;
  const at = all.findIndex((row) => row.classList.contains("on"));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  all.forEach((row) => row.classList.toggle("on", row === next));
  const link = next.querySelector("a");
  if (link) link.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  next.dispatchEvent(new CustomEvent("row-chosen", { bubbles: true }));
  return true;
}

function follow(selector) {
  const link = document.querySelector(selector);
  if (link) link.click();
  return link !== null;
}

function help() {
  const dialog = document.getElementById("keys");
  if (!dialog) return false;
  if (dialog.open) dialog.close(); else dialog.showModal();
  return true;
}

const plain = {
  "/": () => { const box = document.getElementById("q"); if (box) { box.focus(); box.select(); } return box !== null; },
  j: () => move(1),
  k: () => move(-1),
  n: () => follow("[data-hit-next]"),
  p: () => follow("[data-hit-prev]"),
  f: () => follow("[data-zoom]"),
  "?": help,
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const primary = document.querySelector("[data-primary]:not([disabled])");
    if (primary) { event.preventDefault(); primary.click(); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const act = plain[event.key];
  if (act && act()) event.preventDefault();
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.dataset.sent) event.preventDefault(); else if (form.method === "post") form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
