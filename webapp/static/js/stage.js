// Where the image stands. It is never shown in part or broken, and the stage keeps its size whatever it shows.

import { painted, Viewing } from "./viewing.js";

const PATIENCE_MS = 250; // only then is a word about loading worth the flicker

export class Stage {
  #pictures;
  #zoom;
  #options;
  #size;
  #texts;
  #frame = document.getElementById("frame");
  #cross = document.getElementById("cross");
  #notice = document.getElementById("notice");
  #again = document.getElementById("again");
  #asked = 0; // counts what was asked to be shown: what comes late is not shown
  #timer = 0;

  constructor({ pictures, zoom, trial }) {
    this.#pictures = pictures;
    this.#zoom = zoom;
    this.#options = trial.options;
    this.#size = trial.size;
    this.#texts = trial.texts;
  }

  // Brings an image to the screen. Resolves, once it was painted, to its viewing; to null where it could not be
  // loaded or another one was asked for meanwhile.
  async show(position, { key, alt }) {
    const mine = this.empty();
    const picture = this.#pictures.have(position) ?? (await this.#load(position, mine));
    if (!picture || mine !== this.#asked) return null;
    if (this.#options.fixation_ms) await this.#fixate(this.#options.fixation_ms);
    if (mine !== this.#asked) return null;
    picture.id = "picture";
    picture.alt = alt;
    this.#frame.replaceChildren(picture);
    const shown = await painted();
    if (mine !== this.#asked) return null;
    const viewing = new Viewing(key, shown);
    if (this.#options.display_limit_ms) this.#limit(viewing, this.#options.display_limit_ms);
    return viewing;
  }

  // Takes away whatever is shown.
  empty() {
    clearTimeout(this.#timer);
    this.#zoom.reset();
    this.#frame.replaceChildren();
    this.#cross.hidden = true;
    this.say("");
    this.#asked += 1;
    return this.#asked;
  }

  // Words in place of the image, with a way to try once more.
  say(text, { again = null, empty = false } = {}) {
    if (empty) this.empty();
    this.#notice.hidden = !text;
    this.#notice.firstElementChild.textContent = text;
    this.#again.hidden = !again;
    this.#again.onclick = again;
  }

  // The largest square that fits; for the sharpest picture a whole number of screen pixels for each of the image.
  fit(scale) {
    const pixels = window.devicePixelRatio || 1;
    const { width, height } = this.#frame.parentElement.getBoundingClientRect();
    const times = Math.floor((Math.min(width, height) * pixels) / this.#size);
    const whole = scale === "integer" && times >= 1;
    this.#frame.style.width = whole ? `${(times * this.#size) / pixels}px` : "";
    this.#frame.classList.toggle("whole", whole);
  }

  async #load(position, mine) {
    this.#timer = setTimeout(() => this.say(this.#texts.loading), PATIENCE_MS);
    try {
      const picture = await this.#pictures.ready(position);
      if (mine !== this.#asked) return null;
      clearTimeout(this.#timer);
      this.say("");
      return picture;
    } catch {
      if (mine === this.#asked) this.#fail();
      return null;
    }
  }

  #fail() {
    clearTimeout(this.#timer);
    this.say(this.#texts.not_loaded, { again: () => this.onagain() });
  }

  async #fixate(milliseconds) {
    this.#cross.hidden = false;
    await new Promise((done) => (this.#timer = setTimeout(done, milliseconds)));
    this.#cross.hidden = true;
  }

  // The time counts only while the page is visible.
  #limit(viewing, milliseconds) {
    const left = milliseconds - viewing.visible_ms;
    this.#timer = setTimeout(() => {
      if (viewing.visible_ms < milliseconds - 1) return this.#limit(viewing, milliseconds);
      viewing.end();
      this.#zoom.reset();
      this.#frame.replaceChildren();
      this.say(this.#texts.time_over);
    }, left);
  }
}
