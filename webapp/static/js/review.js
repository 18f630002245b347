// The overview with scripts: answers are changed in place by keys, kept in the browser and sent in the background.

import { Contact } from "./contact.js";
import { actionOf } from "./keys.js";
import { nameOfKey } from "./keysettings.js";
import { preferences } from "./preferences.js";
import { Submitting } from "./submitting.js";
import { Sync } from "./sync.js";
import { fill } from "./texts.js";
import { Undoable } from "./undoable.js";

const ROWS = { ArrowUp: -1, ArrowDown: 1 };

const trial = JSON.parse(document.getElementById("trial").textContent);
const { base, steps, options, texts } = trial;
const levels = options.confidence_levels;
const contact = new Contact(document.getElementById("contact"), trial);
const submitting = new Submitting(trial);
const sync = new Sync({ base, owner: trial.owner });
const undoable = new Undoable(trial.owner); // what held before the last answers, here and on the rating page
const refused = new Set(); // positions at which the server's answer holds, as the rater was told
const undoButton = document.getElementById("undo"); // none where nothing can be changed
let open = true;

const stepOf = (image) => steps.findIndex((step) => step.key === image) + 1;

function say(text) {
  document.getElementById("said").textContent = text;
}

function describe(position) {
  contact.describe(position);
  submitting.describe();
}

function sentence(position, ask = false) {
  const { answer, confidence } = steps[position - 1];
  if (!answer) return fill(texts.withdrawn, { position });
  const values = { position, answer: texts[answer], level: confidence, levels };
  const given = fill(levels && confidence ? texts.given_level : texts.given, values);
  return ask && levels && !confidence ? `${given} ${fill(texts.ask_level, { levels })}` : given;
}

// Holds a new answer for an image: on the page at once, and sent as soon as it is kept in the browser.
async function give(position, answer, confidence) {
  const step = steps[position - 1];
  Object.assign(step, { answer, confidence });
  describe(position);
  say(sentence(position, true));
  const entry = { kind: "answer", image: step.key, answer, confidence, response_ms: null, hidden_ms: 0 };
  showUndo();
  await sync.add(entry).catch(() => say(fill(texts.not_kept, { position })));
}

function change(position, answer, confidence) {
  undoable.push({ ...steps[position - 1], position });
  give(position, answer, confidence);
}

// Why an image cannot be answered here; nothing where it can.
function hindrance(position) {
  if (!open) return texts.closed;
  if (!options.revising) return texts.fixed;
  return contact.pictured(position) ? null : fill(texts.blind, { position });
}

function judge(position, answer) {
  const held = hindrance(position);
  if (held) say(held);
  else if (steps[position - 1].answer === answer) say(sentence(position, true));
  else change(position, answer, null); // the certainty belonged to the answer before
}

function grade(position, level) {
  const held = hindrance(position);
  const { answer } = steps[position - 1];
  if (level > levels) return;
  if (held) say(held);
  else if (!answer) say(fill(texts.first_answer, { position }));
  else change(position, answer, level);
}

// The last answer, also one that was given on the rating page: after the last image it is here that it is missed.
function undo() {
  if (!options.revising || !open) return say(open ? texts.fixed : texts.closed);
  const last = undoable.pop();
  if (!last) return say(texts.nothing_to_undo);
  contact.focus(last.position);
  return give(last.position, last.answer, last.confidence);
}

function showUndo() {
  undoButton?.classList.toggle("absent", !undoable.last);
}

document.addEventListener("keydown", (event) => {
  const action = actionOf(event);
  if (action?.name === "undo") {
    event.preventDefault();
    undo();
  } else if (contact.focused !== null) {
    act(event, action, contact.focused);
  }
});

// What a key does with the image that has the focus.
function act(event, action, position) {
  const moves = { previous: -1, next: 1 }[action?.name];
  const rows = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey ? 0 : ROWS[event.key];
  if (moves) contact.move(moves, 0);
  else if (action?.name === "real" || action?.name === "fake") judge(position, action.name);
  else if (action?.name === "confidence" && levels) grade(position, action.level);
  else if (!action && rows) contact.move(0, rows);
  else return;
  event.preventDefault();
}

function hint() {
  const hint = document.getElementById("hint");
  hint.hidden = !options.revising || !preferences.get("shortcuts");
  const keys = preferences.get("keys");
  const names = Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, nameOfKey(key, {})]));
  hint.textContent = fill(texts.hint, names) + (levels ? ` ${fill(texts.hint_levels, { levels })}` : "");
}

// Takes over what is newer than this page: entries of another tab, or what the server holds.
function take(position, answer, confidence) {
  const step = steps[position - 1];
  if (!step || (step.answer === answer && step.confidence === confidence)) return;
  const unexpected = !refused.delete(position) && step.answer !== answer;
  Object.assign(step, { answer, confidence, seen: step.seen || answer !== null });
  describe(position);
  if (unexpected) say(fill(texts.elsewhere, { position, answer: texts[answer ?? "none"] }));
}

sync.addEventListener("status", ({ detail }) => submitting.status(detail));
sync.addEventListener("elsewhere", ({ detail }) => take(stepOf(detail.image), detail.answer, detail.confidence ?? null));
sync.addEventListener("refused", ({ detail }) => {
  const position = stepOf(detail.entry?.image);
  if (detail.entry?.kind !== "answer" || !position) return;
  if (detail.final) refused.add(position);
  say(fill(texts.refused, { position, error: detail.error }));
});
sync.addEventListener("trouble", ({ detail }) => say(detail.error));
sync.addEventListener("state", ({ detail }) => {
  if (detail.submitted) location.replace(`${base}/done`);
  open = detail.open;
  submitting.closed(!open);
  detail.answers.forEach(([answer, confidence], index) => {
    if (!sync.holds(steps[index].key)) take(index + 1, answer, confidence);
  });
});
window.addEventListener("pagehide", () => sync.leave());
window.addEventListener("beforeunload", (event) => sync.atRisk && event.preventDefault());
// From the browser's memory the page comes back as it was left, not as things are now.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
preferences.subscribe(hint);
undoButton?.addEventListener("click", undo);
hint();
showUndo();

for (const { kind, image, answer, confidence } of await sync.start()) {
  const step = steps[stepOf(image) - 1];
  if (!step) continue;
  step.seen = true;
  if (kind === "answer") Object.assign(step, { answer, confidence: confidence ?? null });
  describe(stepOf(image));
}
submitting.status(sync.status);
