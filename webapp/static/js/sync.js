// Every entry is stored in the browser first, then sent until the server has acknowledged it.
// Entries carry an id made once, so sending one again can never store it twice.
//
// Events: "status" {state: "saved" | "saving" | "offline" | "held", waiting}, "state" (what the server holds),
// "refused" {entry, error, final}, "elsewhere" (an entry of another tab), "trouble" {error, status} (the request).

import { Outbox } from "./outbox.js";
import { askState, post } from "./sending.js";
import { Tabs } from "./tabs.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10000;
const REFUSED_WAIT_MS = 30000;
const LEISURE_MS = 2000; // viewings travel with the next answer, or after this
const ASKING_MS = 30000;

export class Sync extends EventTarget {
  #base;
  #outbox;
  #tabs;
  #sending = false;
  #all = false; // viewings must not wait for an answer
  #single = false; // one of the entries cannot be read: they go one by one
  #reachable = true;
  #refused = false; // whether the server takes nothing at all: the link was ended, say
  #acknowledged = 0;
  #known = null; // how many ratings there were in the last state that came
  #wake = () => {};

  constructor({ base, owner }) {
    super();
    this.#base = base;
    this.#outbox = new Outbox(owner);
    this.#tabs = new Tabs(owner, (told) => this.#hear(told));
  }

  // Begins to send; gives what waits from before.
  async start() {
    const waiting = await this.#outbox.open((tabs) => this.#tabs.living(tabs));
    this.#listen();
    this.#sendAll();
    return waiting;
  }

  // Resolves to the entry, with its id, when it is durable. It takes the place of a draft.
  async add(given, { replaces = null } = {}) {
    const entry = this.#outbox.complete(given);
    const stored = this.#outbox.put(entry, { replaces });
    if (entry.kind === "answer") this.#tabs.tell({ entry });
    this.#announce();
    await stored;
    if (entry.kind === "answer") this.#send();
    else setTimeout(() => this.#sendAll(), LEISURE_MS);
    return entry;
  }

  // Stores an entry that is not complete yet; if nothing takes its place, it is sent by the next visit after this
  // tab has gone.
  async draft(given) {
    await this.#outbox.put(this.#outbox.complete({ ...given, tab: this.#tabs.id }), { draft: true });
  }

  async discard(id) {
    await this.#outbox.remove([id]);
  }

  // Whether all is acknowledged that the server will take, waiting at most so many milliseconds for it.
  async flushed({ within = 0 } = {}) {
    const end = performance.now() + within;
    this.#wake();
    this.#sendAll();
    while (this.#outbox.batch({ all: true }).length && performance.now() < end) await pause(20);
    return this.#outbox.batch({ all: true }).length === 0;
  }

  // The page is being left: what waits is sent once more, at once, in a request that outlives the page.
  leave() {
    const batch = this.#outbox.batch({ all: true });
    if (batch.length) post(this.#base, batch);
  }

  // Whether an answer for this image is on its way, from here or from another tab.
  holds(image) {
    return this.#outbox.holds(image);
  }

  get status() {
    const waiting = this.#outbox.answers;
    if (!waiting) return { state: "saved", waiting };
    if (this.#refused || this.#outbox.onlyHeld) return { state: "held", waiting };
    return { state: this.#reachable ? "saving" : "offline", waiting };
  }

  // Whether leaving the page now could lose an answer.
  get atRisk() {
    return this.#outbox.atRisk;
  }

  #sendAll() {
    this.#all = true;
    this.#send();
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    this.#announce();
    let wait = FIRST_WAIT_MS;
    for (let batch; (batch = this.#outbox.batch({ all: this.#all, single: this.#single })).length; ) {
      const { reply, error, status } = await post(this.#base, batch, this.#known);
      const unreadable = status === 413 || status === 422;
      this.#reachable = Boolean(reply || error);
      this.#refused = Boolean(error) && !unreadable;
      if (reply) {
        await this.#settle(batch, reply);
        wait = FIRST_WAIT_MS;
      } else if (unreadable) {
        this.#isolate(batch, { error, status });
      } else {
        if (error) this.#dispatch("trouble", { error, status });
        this.#announce();
        await this.#pause(error ? REFUSED_WAIT_MS : wait);
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      }
    }
    this.#sending = this.#all = this.#single = false;
    this.#announce();
  }

  async #settle(batch, { saved, refused, state }) {
    const known = new Map(batch.map((entry) => [entry.id, entry]));
    for (const one of refused) if (!one.final) this.#outbox.hold(one.id);
    const gone = [...saved, ...refused.filter((one) => one.final).map((one) => one.id)];
    const removed = this.#outbox.remove(gone);
    this.#acknowledged += 1;
    this.#tabs.tell({ gone });
    for (const one of refused) this.#dispatch("refused", { ...one, entry: known.get(one.id) });
    this.#show(state);
    this.#announce();
    await removed;
  }

  // An entry that the server cannot read must not keep the others from it.
  #isolate(batch, detail) {
    this.#single = true;
    if (batch.length > 1) return;
    this.#outbox.hold(batch[0].id);
    this.#dispatch("trouble", detail);
  }

  #listen() {
    window.addEventListener("online", () => this.#wake());
    const look = () => document.hidden || this.#look();
    document.addEventListener("visibilitychange", look);
    setInterval(look, ASKING_MS);
  }

  #hear({ entry, gone = [] }) {
    if (entry) {
      this.#outbox.expect(entry);
      this.#dispatch("elsewhere", entry);
    }
    if (gone.length) this.#acknowledged += 1;
    this.#outbox.forget(gone);
    this.#announce();
  }

  async #look() {
    this.#wake();
    await this.#outbox.adopt();
    this.#send();
    const before = this.#acknowledged;
    const { reply, error, status } = await askState(this.#base);
    if (error) this.#dispatch("trouble", { error, status });
    // An answer that was acknowledged meanwhile may be missing from this reply.
    if (!reply || before !== this.#acknowledged) return;
    this.#show(reply);
    if (reply.open && !reply.submitted) this.#outbox.release();
    this.#send();
  }

  // Without answers it says that nothing changed but by what was sent from here.
  #show(state) {
    this.#known = state.count;
    this.#dispatch("state", { ...state, answers: state.answers ?? [] });
  }

  #pause(milliseconds) {
    return Promise.race([pause(milliseconds), new Promise((done) => (this.#wake = done))]);
  }

  #announce() {
    this.#dispatch("status", this.status);
  }

  #dispatch(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
