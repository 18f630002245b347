// What stands around the answers on the overview: how many are given, whether they are saved, and the one button
// that closes them. It can be pressed only when every answer has arrived.

import { fill } from "./texts.js";

export class Submitting {
  #trial;
  #form = document.getElementById("submit");
  #button = document.querySelector("#submit button[type=submit]");
  #leave = document.getElementById("leave");
  #note = document.getElementById("submit-note");
  #waiting = true; // until the outbox was looked into
  #closed = false;

  constructor(trial) {
    this.#trial = trial;
    this.#form.addEventListener("submit", (event) => {
      if (!this.#hindered) return;
      event.preventDefault();
      this.#explain();
    });
    this.#allow();
  }

  // How far the answers given by now go.
  describe() {
    const { base, steps, texts } = this.#trial;
    const first = steps.findIndex((step) => !step.answer) + 1;
    const answered = steps.filter((step) => step.answer).length;
    const count = steps.length - answered;
    document.getElementById("answered").textContent = fill(texts.answered, { answered, total: steps.length });
    const link = document.getElementById("first-open");
    link.hidden = count === 0;
    if (first) link.href = `${base}/rate/${first}`;
    const box = this.#leave.querySelector("input");
    const words = fill(texts.leave, { count });
    // She agreed to another number than this one.
    if (this.#leave.querySelector("span").textContent !== words) box.checked = false;
    this.#leave.querySelector("span").textContent = words;
    this.#leave.hidden = count === 0;
    box.required = count > 0;
  }

  status({ state, waiting }) {
    const { texts } = this.#trial;
    const line = document.getElementById("saving");
    // Read out when the connection goes or comes back, not at each answer.
    const trouble = state === "offline" || state === "held";
    line.setAttribute("aria-live", trouble || line.classList.contains("trouble") ? "polite" : "off");
    line.textContent = fill(texts[state], { count: waiting });
    line.classList.toggle("trouble", trouble);
    this.#waiting = waiting > 0;
    this.#allow();
  }

  closed(closed) {
    this.#closed = closed;
    this.#allow();
  }

  get #hindered() {
    return this.#waiting || this.#closed;
  }

  // Not the attribute "disabled": it would take the focus away from who waits on the button.
  #allow() {
    this.#button.setAttribute("aria-disabled", String(this.#hindered));
    if (this.#closed) this.#explain();
    else if (!this.#waiting) this.#note.textContent = "";
  }

  #explain() {
    const { texts } = this.#trial;
    this.#note.textContent = this.#closed ? texts.closed : texts.wait;
  }
}
