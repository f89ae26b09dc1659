// A page about what goes on in the background follows it: the parts marked data-live are fetched anew, so that nothing typed or chosen
// beside them is lost. When it is over the page is loaded once more, as soon as nobody types into it.
const seconds = Number(document.querySelector("meta[name=live]").content);

function typing(part) {
  const at = document.activeElement;
  return part.contains(at) && at.matches("input, textarea, select, button");
}

async function follow() {
  for (;;) {
    await new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
    const answer = await fetch(location.href).catch(() => null);
    if (!answer) continue;
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector("meta[name=live]") && !typing(document.getElementById("main"))) { location.reload(); return; }
    for (const part of document.querySelectorAll("[data-live]")) {
      const anew = page.getElementById(part.id);
      if (anew && !typing(part)) part.replaceWith(document.adoptNode(anew));
    }
  }
}

follow();
