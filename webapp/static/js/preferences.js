// What a rater has set for herself in this browser: how images are enlarged, whether an answer moves on, her keys.
// Kept in localStorage; where that is missing or full (private windows), for as long as the page lives.

const STORED_AS = "dermvtt.preferences";

const STANDARD = Object.freeze({
  scale: "smooth",
  advance: true,
  shortcuts: true,
  keys: Object.freeze({
    real: "r",
    fake: "f",
    previous: "ArrowLeft",
    next: "ArrowRight",
    back: "Backspace",
    undo: "u",
    help: "?",
    zoomIn: "+",
    zoomOut: "-",
    zoomReset: "0",
  }),
});

class Preferences {
  #values = sound(read());
  #listeners = new Set();

  constructor() {
    // Another tab changed something.
    window.addEventListener("storage", (event) => {
      if (event.key === STORED_AS || event.key === null) this.#take(sound(read()));
    });
  }

  get(name) {
    return name === "keys" ? { ...this.#values.keys } : this.#values[name];
  }

  standard(name) {
    return name === "keys" ? { ...STANDARD.keys } : STANDARD[name];
  }

  set(name, value) {
    const values = sound({ ...this.#values, [name]: value });
    try {
      localStorage.setItem(STORED_AS, JSON.stringify(values));
    } catch {
      // Not remembered, but it holds on this page.
    }
    this.#take(values);
  }

  // Calls `listener(name, value)` at each change; returns the function that ends it.
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #take(values) {
    const before = this.#values;
    this.#values = values;
    for (const name of Object.keys(STANDARD)) {
      if (JSON.stringify(before[name]) === JSON.stringify(values[name])) continue;
      for (const listener of this.#listeners) listener(name, this.get(name));
    }
  }
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(STORED_AS)) ?? {};
  } catch {
    return {};
  }
}

// What was stored may come from an older version or from a hand: whatever makes no sense is the standard again.
function sound(stored) {
  const flag = (name) => (typeof stored[name] === "boolean" ? stored[name] : STANDARD[name]);
  return {
    scale: stored.scale === "integer" ? "integer" : "smooth",
    advance: flag("advance"),
    shortcuts: flag("shortcuts"),
    keys: soundKeys(stored.keys),
  };
}

// One key never means two things: a map in which it would is not taken.
function soundKeys(stored) {
  const keys = { ...STANDARD.keys };
  for (const name of Object.keys(keys)) {
    if (typeof stored?.[name] === "string" && stored[name]) keys[name] = stored[name];
  }
  return new Set(Object.values(keys)).size === Object.keys(keys).length ? keys : { ...STANDARD.keys };
}

export const preferences = new Preferences();
