// The rater's other tabs in this browser: they are told of entries at once, and asked whether they live.
// By messages and not by locks, which browsers offer on secure origins only: a clinic's server may not be one.

import { newId } from "./outbox.js";

const ANSWERING_MS = 300; // a tab that is asleep for longer counts as gone: what is sent for it, it may still complete

export class Tabs {
  id = newId();
  #channel = null;
  #hear;
  #found = () => {};

  // `hear` is called with what another tab tells.
  constructor(owner, hear) {
    this.#hear = hear;
    try {
      this.#channel = new BroadcastChannel(`dermvtt-${owner}`);
      this.#channel.onmessage = ({ data }) => this.#receive(data);
    } catch {
      // Other tabs are then heard of through the server.
    }
  }

  tell(message) {
    this.#channel?.postMessage(message);
  }

  // Those of these tabs that are open.
  async living(ids) {
    const found = new Set();
    if (!ids.size || !this.#channel) return found;
    const all = new Promise((done) => {
      this.#found = (id) => ids.has(id) && found.add(id).size === ids.size && done();
    });
    this.tell({ asked: [...ids] });
    await Promise.race([all, new Promise((done) => setTimeout(done, ANSWERING_MS))]);
    return found;
  }

  #receive({ asked = [], living = null, ...told }) {
    if (asked.includes(this.id)) this.tell({ living: this.id });
    else if (living) this.#found(living);
    else this.#hear(told);
  }
}
