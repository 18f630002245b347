// All that stands around the image: where she is, how far she got, what she chose, whether it is saved.

import { fill } from "./texts.js";

const SAVING_MS = 600; // saving takes milliseconds: only when it takes longer it is worth a flicker
const READING_MS = 6000;

const one = (id) => document.getElementById(id);

export class Face {
  #trial;
  #texts;
  #form = one("answers");
  #buttons = [...this.#form.querySelectorAll("button[name=answer]")];
  #levels = [...this.#form.querySelectorAll("input[name=confidence]")];
  #saving = 0;
  #offline = false;
  #kept = 0; // until when the present word stays

  constructor(trial) {
    this.#trial = trial;
    this.#texts = trial.texts;
  }

  get title() {
    return document.title;
  }

  address(position) {
    const { base, back, steps } = this.#trial;
    return position > steps.length ? `${base}/review` : `${base}/rate/${position}${back ? `?back=${back}` : ""}`;
  }

  place(position) {
    const total = this.#trial.steps.length;
    document.title = fill(this.#texts.title, { position, total });
    one("position").textContent = position;
    one("previous").href = this.address(Math.max(position - 1, 1));
    one("previous").setAttribute("aria-disabled", String(position === 1));
    one("next").href = this.address(position + 1);
    one("next").setAttribute("aria-label", position < total ? this.#texts.next : this.#texts.overview);
    this.#form.action = `${this.#trial.base}/rate/${position}`;
    const here = this.address(position).slice(this.#trial.base.length + 1);
    for (const field of document.querySelectorAll("[name=return_to]")) field.value = here;
  }

  choose({ answer, confidence }) {
    for (const button of this.#buttons) button.setAttribute("aria-pressed", String(button.value === answer));
    for (const level of this.#levels) level.checked = Number(level.value) === confidence;
  }

  // Not the attribute "disabled": it would take the focus away from who rates with Tab and Enter.
  accept({ answers = false, levels = false } = {}) {
    for (const button of this.#buttons) button.setAttribute("aria-disabled", String(!answers));
    for (const level of this.#levels) level.setAttribute("aria-disabled", String(!levels));
  }

  progress(answered, minutes) {
    const left = minutes ? fill(this.#texts.minutes_left, { minutes }) : this.#texts.minute_left;
    one("answered").textContent = answered;
    one("progress").value = answered;
    one("left").textContent = answered < this.#trial.steps.length ? left : "";
  }

  undoable(value) {
    one("undo")?.classList.toggle("absent", !value);
  }

  // A word to the rater. What happened is read aloud and stays for a while; what merely describes the image
  // gives way to it.
  say(text, { trouble = false, happened = true } = {}) {
    if (!happened && performance.now() < this.#kept) return;
    this.#kept = happened && text ? performance.now() + READING_MS : 0;
    const status = one("status");
    if (status.textContent === text) return;
    status.textContent = text;
    status.classList.toggle("trouble", trouble);
    if (happened && text) this.announce(text);
  }

  // For who does not see what changes.
  announce(text) {
    one("announcement").textContent = text;
  }

  saved({ state, waiting }) {
    clearTimeout(this.#saving);
    if (state === "saving" && !this.#offline) {
      this.#saving = setTimeout(() => this.#showSaved(state, this.#texts.saving), SAVING_MS);
      return;
    }
    const texts = { saved: "saved", saving: "waiting", offline: "waiting", held: "held" };
    this.#showSaved(state, fill(this.#texts[texts[state]], { count: waiting }));
    const offline = state === "offline" || (this.#offline && state === "saving");
    if (offline !== this.#offline) this.announce(one("saved").textContent);
    this.#offline = offline;
  }

  #showSaved(state, text) {
    one("saved").textContent = text;
    one("saved").dataset.state = state;
  }
}
