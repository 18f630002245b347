// Below each text of a study how its raters will read it, while it is being written. The server makes it of Markdown,
// as it does for them: what comes back is this page, with all texts as they stand.

const PAUSE_MS = 400; // of typing
const form = document.querySelector("form.settings");
const button = document.getElementById("read");
let pause = 0;
let latest = 0;

async function show() {
  const number = (latest += 1);
  try {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(button.formAction, { method: "POST", body });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (number !== latest) return; // something was typed since
    for (const shown of document.querySelectorAll(".as-read")) {
      const read = page.getElementById(shown.id);
      shown.hidden = read.hidden;
      shown.replaceChildren(...read.childNodes);
    }
  } catch {
    // Without a connection the texts stay as they were shown; saving says what is wrong.
  }
}

form.addEventListener("input", ({ target }) => {
  if (target.tagName !== "TEXTAREA") return;
  clearTimeout(pause);
  pause = setTimeout(show, PAUSE_MS);
});
button.hidden = true; // texts are shown at once, and again whenever one changes
show();
