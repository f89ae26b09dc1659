// The pages of a batch: keys press the buttons while a page is chosen; the arrows choose, as in any group of radio buttons.
// A page dragged onto another comes before it.
const form = document.getElementById("leaves");

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const button = form.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
  if (!button || button.disabled) return;
  if (event.target.type !== "radio" && !("whole" in button.dataset && event.target.tagName === "BUTTON")) return;
  event.preventDefault();
  event.stopPropagation();
  button.click();
}

function drags() {
  let held = null;
  for (const leaf of form.querySelectorAll(".leaflet")) {
    leaf.draggable = true;
    for (const image of leaf.querySelectorAll("img")) image.draggable = false; // the leaf is dragged, not its picture
    leaf.addEventListener("dragstart", (event) => {
      held = leaf;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", leaf.dataset.number);
    });
    leaf.addEventListener("dragend", () => { held = null; });
    leaf.addEventListener("dragover", (event) => {
      if (!held || held === leaf || !("held" in leaf.dataset)) return;
      event.preventDefault();
      leaf.classList.add("over");
    });
    leaf.addEventListener("dragleave", () => leaf.classList.remove("over"));
    leaf.addEventListener("drop", (event) => {
      event.preventDefault();
      leaf.classList.remove("over");
      const move = form.querySelector("button[value=move]");
      if (!held || held === leaf || move.disabled) return;
      held.querySelector("input").checked = true;
      form.elements.before.value = leaf.dataset.number;
      move.click();
    });
  }
}

if (form) {
  form.addEventListener("keydown", press);
  drags();
  const chosen = form.querySelector("input[type=radio]:checked");
  if (chosen) chosen.focus({ preventScroll: false });
}
