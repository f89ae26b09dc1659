// The pages of a batch: keys press the buttons while a page is chosen; the arrows choose, as in any group of radio buttons.
const form = document.getElementById("leaves");

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.type !== "radio") return;
  const button = form.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
  if (!button || button.disabled) return;
  event.preventDefault();
  event.stopPropagation();
  button.click();
}

if (form) {
  form.addEventListener("keydown", press);
  const chosen = form.querySelector("input[type=radio]:checked");
  if (chosen) chosen.focus({ preventScroll: false });
}
