// What waits to be sent, kept in IndexedDB: it survives a reload, a crash and a killed browser.
// Where the browser offers none (private windows, a full disk) entries live in memory, and `durable` says so.

const NAME = "dermvtt";
const TABLE = "outbox";
const OPENING_MS = 2000; // some browsers never answer a request to open
const ANSWERING_MS = 5000;

export class Store {
  #owner;
  #database = null;
  #memory = new Map();

  constructor(owner) {
    this.#owner = owner;
  }

  // Whether all that was put here survives the page.
  get durable() {
    return this.#database !== null && this.#memory.size === 0;
  }

  async open() {
    try {
      this.#database = await within(OPENING_MS, opened());
      this.#database.onclose = () => (this.#database = null);
    } catch {
      this.#database = null;
    }
  }

  // The entries of this owner, the oldest first.
  async entries() {
    const kept = await this.#transact("readonly", (table) => table.index("owner").getAll(this.#owner));
    return [...(kept ?? []), ...this.#memory.values()].sort((one, other) => one.at - other.at);
  }

  // Resolves when the entry is on the disk (or, where that cannot be, in memory).
  async put(entry, replaces = null) {
    const done = await this.#transact("readwrite", (table) => {
      if (replaces) table.delete(replaces);
      return table.put(entry);
    });
    if (done === undefined) this.#memory.set(entry.id, entry);
    else this.#memory.delete(entry.id);
    this.#memory.delete(replaces);
  }

  async remove(ids) {
    for (const id of ids) this.#memory.delete(id);
    await this.#transact("readwrite", (table) => ids.map((id) => table.delete(id)).at(-1));
  }

  // Undefined where there is no database; a connection that the browser closed is opened once more.
  async #transact(mode, work) {
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      if (!this.#database && attempt === 2) await this.open();
      try {
        if (this.#database) return await within(ANSWERING_MS, finished(this.#database, mode, work));
      } catch {
        this.#database = null;
      }
    }
    return undefined;
  }
}

function opened() {
  return new Promise((done, failed) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(TABLE, { keyPath: "id" }).createIndex("owner", "owner");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

// Strict: complete means written through to the disk, not only handed to the operating system.
function finished(database, mode, work) {
  return new Promise((done, failed) => {
    const transaction = database.transaction(TABLE, mode, { durability: "strict" });
    const request = work(transaction.objectStore(TABLE));
    transaction.oncomplete = () => done(request?.result ?? null);
    transaction.onabort = () => failed(transaction.error);
    if (mode === "readwrite") transaction.commit?.(); // at once: nothing more will be asked of it
  });
}

function within(limit, promise) {
  return Promise.race([promise, new Promise((_, failed) => setTimeout(failed, limit, new Error("too slow")))]);
}
