// What held before each answer that was given in this tab, the last one last: {position, answer, confidence}.
// Kept in sessionStorage, so that the last answer can be undone after a reload and on the next page too; where that is
// missing, for as long as the page lives.

const MOST = 100;

export class Undoable {
  #name;
  #memory = [];

  constructor(owner) {
    this.#name = `dermvtt.undoable.${owner}`;
  }

  get last() {
    return this.#read().at(-1) ?? null;
  }

  push({ position, answer, confidence }) {
    this.#write([...this.#read(), { position, answer, confidence }].slice(-MOST));
  }

  // Gives the last one and forgets it; null where there is none.
  pop() {
    const all = this.#read();
    const last = all.pop() ?? null;
    this.#write(all);
    return last;
  }

  // Each time anew: the browser may bring back a page from before others wrote here.
  #read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#name)) ?? [...this.#memory];
    } catch {
      return [...this.#memory];
    }
  }

  #write(all) {
    this.#memory = all;
    try {
      sessionStorage.setItem(this.#name, JSON.stringify(all));
    } catch {
      // Not kept, but it holds on this page.
    }
  }
}
