// Images fetched and decoded before they are needed: the next five first, then all the rest at leisure.

const AHEAD = 5;
const AT_ONCE = 3;
const ATTEMPTS = 3;
const LONGEST_MS = 15000;
const MEMORY_BYTES = 200e6; // encoded images are held ready up to about this

export class Pictures extends EventTarget {
  #address;
  #total;
  #loading = new Map();
  #ready = new Map();
  #failed = new Set();
  #from = 1;
  #most;
  #workers = 0;
  #hasty;

  constructor({ address, total, size, everything = false }) {
    super();
    this.#address = address;
    this.#total = total;
    this.#hasty = everything;
    this.#most = everything ? total : Math.max(AHEAD, Math.floor(MEMORY_BYTES / (2 * size * size)));
    window.addEventListener("online", () => this.retry());
  }

  get loaded() {
    return this.#ready.size;
  }

  // Images that could not be loaded and are not tried again by themselves.
  get failed() {
    return this.#failed.size;
  }

  retry() {
    this.#failed.clear();
    this.ahead(this.#from);
  }

  // The decoded image, or undefined while it is not there.
  have(position) {
    return this.#ready.get(position);
  }

  // Resolves to the decoded image: showing it takes no more work. `begun` is an element that loads it already.
  ready(position, begun = null) {
    if (!this.#loading.has(position)) {
      this.#failed.delete(position);
      const urgent = position === this.#from;
      const loading = load(this.#address(position), { begun, urgent }).then((image) => this.#keep(position, image));
      loading.catch(() => this.#fail(position));
      this.#loading.set(position, loading);
    }
    return this.#loading.get(position);
  }

  // Goes on loading with the images that follow this one.
  ahead(position) {
    this.#from = position;
    for (let worker = this.#workers; worker < AT_ONCE; worker += 1) this.#work();
  }

  #keep(position, image) {
    this.#ready.set(position, image);
    this.dispatchEvent(new Event("progress"));
    return image;
  }

  #fail(position) {
    this.#loading.delete(position);
    this.#failed.add(position);
    this.dispatchEvent(new Event("progress"));
  }

  async #work() {
    this.#workers += 1;
    // Beyond the next five one at a time is enough: the line is not ours alone.
    const wanted = ({ distance }) => this.#hasty || distance <= AHEAD || this.#workers === 1;
    for (let next; (next = this.#next()) && wanted(next); ) {
      await this.ready(next.position).catch(() => {});
    }
    this.#workers -= 1;
  }

  #next() {
    if (this.#loading.size >= this.#most) return null;
    for (let distance = 0; distance < this.#total; distance += 1) {
      const position = ((this.#from - 1 + distance) % this.#total) + 1;
      if (!this.#loading.has(position) && !this.#failed.has(position)) return { position, distance };
    }
    return null;
  }
}

async function load(address, { begun, urgent }) {
  for (let attempt = 1; ; attempt += 1) {
    const image = attempt === 1 && begun ? begun : new Image();
    image.decoding = "sync"; // in the frame in which it is shown, never later
    if (image !== begun) {
      image.fetchPriority = urgent ? "high" : "low";
      image.src = address;
    }
    try {
      await decoded(image);
      return image;
    } catch (error) {
      image.removeAttribute("src");
      if (attempt === ATTEMPTS) throw error;
      await new Promise((done) => setTimeout(done, 400 * attempt ** 2));
    }
  }
}

function decoded(image) {
  const late = new Promise((_, failed) => setTimeout(failed, LONGEST_MS, new Error("too slow")));
  return Promise.race([image.decode(), late]);
}
