// Images fetched and decoded before they are needed, a few at a time.

const AHEAD = 5;
const RETRIES = 3;

export class Pictures {
  #address;
  #total;
  #loading = new Map();

  constructor(address, total) {
    this.#address = address;
    this.#total = total;
  }

  // Resolves to the image's address when it is decoded, so that showing it shows all of it at once.
  ready(position) {
    if (!this.#loading.has(position)) {
      const loading = load(this.#address(position));
      loading.catch(() => this.#loading.delete(position));
      this.#loading.set(position, loading);
    }
    return this.#loading.get(position);
  }

  async ahead(position) {
    const last = Math.min(position + AHEAD, this.#total);
    for (let next = position + 1; next <= last; next += 1) {
      await this.ready(next).catch(() => {});
    }
  }
}

async function load(address) {
  for (let attempt = 1; ; attempt += 1) {
    const image = new Image();
    image.src = address;
    try {
      await image.decode();
      return address;
    } catch (error) {
      if (attempt === RETRIES) throw error;
      await new Promise((done) => setTimeout(done, 300 * attempt));
    }
  }
}
