// Rating without page loads: answers are sent in the background of the same form that works without this
// script, and the next images are fetched ahead. An image is left only when the server has stored the answer.

import { Pictures } from "./pictures.js";
import { send } from "./send.js";

// Nobody judges an image this fast: an earlier press belongs to the image before.
const SETTLING_MS = 150;
// After this an answer that is still on its way is worth a word.
const SLOW_MS = 1000;

const page = document.getElementById("rate");
const form = document.getElementById("answers");
const picture = document.getElementById("picture");
const status = document.getElementById("status");
const buttons = [...form.querySelectorAll("button[name=answer]")];
const links = { previous: document.getElementById("previous"), next: document.getElementById("next") };

const base = page.dataset.base;
const keys = page.dataset.steps.split(" ");
const answers = page.dataset.answers.split(" ").map((answer) => (answer === "-" ? null : answer));
const back = page.dataset.back;
const kept = back ? `?back=${back}` : "";
const total = keys.length;
const pictures = new Pictures((position) => `${base}/images/${keys[position - 1]}.png`, total);

let position = Number(page.dataset.position);
let busy = false; // an image is loading or an answer is on its way
let settling = 0; // the timer that ends the moment in which a press was meant for the image before
let unsaved = 0; // answers that the server has not acknowledged yet
let latest = 0; // counts what was asked to be shown: an earlier image that comes late is not shown
let visible = null; // when the image was painted, on the monotonic clock

const addressOf = (at) => (at > total ? `${base}/review` : `${base}/rate/${at}${kept}`);

function describe() {
  document.title = `Image ${position} of ${total}`;
  document.getElementById("position").textContent = position;
  const answered = answers.filter(Boolean).length;
  document.getElementById("answered").textContent = answered;
  document.getElementById("progress").value = answered;
  picture.alt = `Image ${position} of ${total}`;
  const answer = answers[position - 1];
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === answer));
  say(answer ? `Your answer: ${answer}. You may change it.` : "");
  links.previous.href = addressOf(Math.max(position - 1, 1));
  if (position === 1) links.previous.setAttribute("aria-disabled", "true");
  else links.previous.removeAttribute("aria-disabled");
  links.next.href = addressOf(position + 1);
  links.next.setAttribute("aria-label", position < total ? "Next image" : "Overview of your answers");
  form.action = `${base}/rate/${position}`;
  form.elements.submission.value = crypto.randomUUID?.() ?? uuid();
  document.querySelector("#surround [name=return_to]").value = `rate/${position}`;
}

function say(text, trouble = false) {
  status.textContent = text;
  status.classList.toggle("trouble", trouble);
}

// Browsers offer randomUUID on secure origins only; a clinic's server may be reached by plain HTTP.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Not the attribute "disabled": it would take the focus away from who rates with Tab and Enter.
function accept(value) {
  for (const button of buttons) button.setAttribute("aria-disabled", String(!value));
}

function setBusy(value) {
  busy = value;
  if (value) {
    clearTimeout(settling);
    accept(false);
  }
}

function painted() {
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}

async function show(at, { push = true } = {}) {
  if (at < 1) return;
  if (at > total) {
    location.href = `${base}/review`;
    return;
  }
  latest += 1;
  const mine = latest;
  setBusy(true);
  visible = null;
  try {
    const source = await pictures.ready(at);
    if (mine !== latest) return;
    position = at;
    picture.src = source;
    await picture.decode();
  } catch {
    if (mine !== latest) return;
    say("The image could not be loaded. Please check your connection and reload the page.", true);
    setBusy(false);
    return;
  }
  if (mine !== latest) return;
  describe();
  if (push) history.pushState({ position }, "", addressOf(position));
  await painted();
  if (mine !== latest) return;
  visible = performance.now();
  setBusy(false);
  settling = setTimeout(accept, SETTLING_MS, true);
  pictures.ahead(position);
}

async function give(answer) {
  if (busy || visible === null || performance.now() - visible < SETTLING_MS) return;
  const at = position;
  const shown = latest;
  const body = new URLSearchParams(new FormData(form));
  body.set("answer", answer);
  body.set("response_ms", String(performance.now() - visible));
  body.delete("shown_ms");
  setBusy(true);
  unsaved += 1;
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === answer));
  const slow = setTimeout(say, SLOW_MS, "Saving…");
  const reply = await send(form.action, body, () => say("Not saved yet: no connection. Trying again.", true));
  clearTimeout(slow);
  unsaved -= 1;
  if (!reply.refused) answers[at - 1] = answer;
  if (shown !== latest) {
    // She went elsewhere while the answer was on its way: it is saved, and she stays where she is.
    describe();
    return;
  }
  if (reply.refused) {
    setBusy(false);
    accept(true);
    describe();
    say(reply.refused, true);
  } else if (back === "review") {
    location.href = `${base}/review#image-${at}`;
  } else {
    await show(at + 1);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  give(event.submitter.value);
});

for (const [name, link] of Object.entries(links)) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!busy) show(position + (name === "next" ? 1 : -1));
  });
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  // By the letter, or by the place of the key where the keyboard writes no Latin letters.
  const latin = /^[a-z]$/i.test(event.key);
  const key = latin ? event.key.toLowerCase() : event.code;
  const action = {
    r: () => give("real"),
    KeyR: () => give("real"),
    f: () => give("fake"),
    KeyF: () => give("fake"),
    ArrowLeft: () => busy || show(position - 1),
    ArrowRight: () => busy || show(position + 1),
  }[key];
  if (!action) return;
  event.preventDefault();
  action();
});

window.addEventListener("popstate", (event) => {
  show(event.state?.position ?? Number(page.dataset.position), { push: false });
});

document.getElementById("surround").addEventListener("submit", (event) => {
  event.preventDefault();
  const button = event.submitter;
  const chosen = button.value;
  document.body.classList.remove("dark", "light");
  document.body.classList.add(chosen);
  document.cookie = `surround=${chosen}; path=/r/; max-age=31536000; samesite=lax`;
  button.value = chosen === "dark" ? "light" : "dark";
  button.textContent = button.dataset[chosen];
});

window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault(); // the browser asks whether to leave with an answer not saved
});

history.replaceState({ position }, "");
show(position, { push: false });
