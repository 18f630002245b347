// What waits to be acknowledged: in the store, so that it survives, and here, in the order in which it is sent.

import { Store } from "./store.js";

const MOST = 100; // of a kind in one request
const STORING_MS = 250; // a disk that takes longer must not keep the rater waiting
const ORPHANED_MS = 20000; // an entry that another tab has not sent by then: that tab may be gone

export class Outbox {
  #store;
  #owner;
  #waiting = new Map();
  #held = new Set(); // ids that the server will not take now; they are tried again later
  #foreign = new Map(); // what another tab is about to send
  #last = new Map(); // the id of the last answer that this browser knows of, by image
  #storing = 0;

  constructor(owner) {
    this.#owner = owner;
    this.#store = new Store(owner);
  }

  // Gives what waits from before. A draft of another tab that is open still is left to it: `living` says which of
  // some tabs are.
  async open(living) {
    await this.#store.open();
    const entries = await this.#store.entries();
    const drafting = await living(new Set(entries.filter((one) => one.draft && one.tab).map((one) => one.tab)));
    for (const entry of entries.filter((one) => !one.draft || !drafting.has(one.tab))) {
      this.#waiting.set(entry.id, entry);
      this.#know(entry);
    }
    return [...this.#waiting.values()];
  }

  // The entry with all that an entry has: an id made once, a time, and which answer it corrects.
  complete(given) {
    const after = this.#last.get(given.image) ?? null;
    return { at: Date.now(), after, ...given, id: given.id ?? newId(), owner: this.#owner };
  }

  // Resolves when the entry is durable. A draft is stored but not sent; the next entry takes its place.
  async put(entry, { replaces = null, draft = false } = {}) {
    if (!draft) {
      this.#waiting.set(entry.id, entry);
      this.#know(entry);
    }
    this.#storing += 1;
    const put = this.#store.put({ ...entry, draft }, replaces).finally(() => (this.#storing -= 1));
    await Promise.race([put, new Promise((done) => setTimeout(done, STORING_MS))]);
  }

  async remove(ids) {
    for (const id of ids) this.#waiting.delete(id);
    await this.#store.remove(ids);
  }

  // What is to be sent next. Viewings alone can wait for an answer to travel with, unless all is asked for.
  batch({ all = false, single = false } = {}) {
    const free = [...this.#waiting.values()].filter((one) => !this.#held.has(one.id));
    const answers = free.filter((one) => one.kind === "answer").slice(0, MOST);
    if (!answers.length && !all) return [];
    const batch = [...answers, ...free.filter((one) => one.kind === "viewing").slice(0, MOST)];
    return single ? batch.slice(0, 1) : batch;
  }

  hold(id) {
    this.#held.add(id);
  }

  release() {
    this.#held.clear();
  }

  // Takes over what a tab left behind that was closed before it could send it.
  async adopt() {
    for (const entry of await this.#store.entries()) {
      if (entry.draft || entry.at > Date.now() - ORPHANED_MS) continue;
      this.#foreign.delete(entry.id);
      if (!this.#waiting.has(entry.id)) this.#waiting.set(entry.id, entry);
    }
  }

  // Another tab has this entry and will send it.
  expect(entry) {
    this.#foreign.set(entry.id, entry);
    this.#know(entry);
  }

  // Another tab's entries are acknowledged, and removed from the store by that tab.
  forget(ids) {
    for (const id of ids) {
      this.#foreign.delete(id);
      this.#waiting.delete(id);
    }
  }

  #know({ kind, image, id }) {
    if (kind === "answer") this.#last.set(image, id);
  }

  // Whether an answer for this image is on its way, from here or from another tab.
  holds(image) {
    const entries = [...this.#waiting.values(), ...this.#foreign.values()];
    return entries.some((one) => one.kind === "answer" && one.image === image);
  }

  get answers() {
    return [...this.#waiting.values()].filter((one) => one.kind === "answer").length;
  }

  get onlyHeld() {
    return this.batch().length === 0 && this.answers > 0;
  }

  // Whether leaving the page now could lose an answer.
  get atRisk() {
    return this.#storing > 0 || (!this.#store.durable && this.answers > 0);
  }
}

// Browsers offer randomUUID on secure origins only; a clinic's server may be reached by plain HTTP.
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
