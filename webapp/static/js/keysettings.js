// Giving an action another key: press its button, then the key.

import { assignable, keyOf } from "./keys.js";
import { preferences } from "./preferences.js";
import { fill } from "./texts.js";

// A key as it is called on the screen: "R", "←", "Backspace".
export function nameOfKey(key, texts) {
  return texts.keys?.[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

export class KeySettings {
  #buttons;
  #status;
  #texts;
  #asked = null; // the button that waits for a key

  constructor(part, texts) {
    this.#texts = texts;
    this.#status = part.querySelector("[role=status]");
    this.#buttons = [...part.querySelectorAll("button[data-key]")];
    for (const button of this.#buttons) {
      button.addEventListener("click", () => this.#ask(button));
      button.addEventListener("blur", () => this.#asked === button && this.cancel());
      button.addEventListener("keydown", (event) => this.#asked === button && this.#pressed(event));
    }
    part.querySelector("[data-standard-keys]").addEventListener("click", () => {
      preferences.set("keys", preferences.standard("keys"));
      this.#say(texts.standard);
    });
    preferences.subscribe((name) => name === "keys" && this.#describe());
    this.#describe();
  }

  cancel() {
    this.#asked = null;
    this.#say("");
    this.#describe();
  }

  #ask(button) {
    if (this.#asked === button) {
      this.cancel();
      return;
    }
    this.#asked = button;
    this.#describe();
    this.#say(fill(this.#texts.press, { action: this.#action(button.dataset.key) }));
  }

  #pressed(event) {
    const key = keyOf(event);
    // Tab goes on to the next button; with Ctrl and the like it is the browser's.
    if (key === null || key === "Tab" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    if (key === "Escape") this.cancel();
    else this.#take(key);
  }

  #take(key) {
    const name = this.#asked.dataset.key;
    const keys = preferences.get("keys");
    const user = Object.keys(keys).find((one) => keys[one] === key && one !== name);
    const shown = nameOfKey(key, this.#texts);
    if (!assignable(key)) {
      this.#say(fill(this.#texts.reserved, { key: shown }));
    } else if (user) {
      this.#say(fill(this.#texts.in_use, { key: shown, action: this.#action(user) }));
    } else {
      this.#asked = null;
      preferences.set("keys", { ...keys, [name]: key });
      this.#describe();
      this.#say(fill(this.#texts.changed, { key: shown, action: this.#action(name) }));
    }
  }

  #describe() {
    const keys = preferences.get("keys");
    for (const button of this.#buttons) {
      const key = nameOfKey(keys[button.dataset.key], this.#texts);
      button.textContent = button === this.#asked ? this.#texts.waiting : key;
      button.setAttribute("aria-label", `${button.textContent}, ${this.#action(button.dataset.key)}`);
    }
  }

  #action(name) {
    return this.#texts.actions[name];
  }

  #say(text) {
    this.#status.textContent = text;
  }
}
