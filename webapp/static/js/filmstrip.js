// All images in her order under the answers. Only images that she has seen have a picture: nobody gets a preview.

import { fill } from "./texts.js";
import { depict } from "./thumbnails.js";

export class Filmstrip {
  #list = document.getElementById("filmstrip");
  #answers;
  #texts;
  #pictures;
  #link;
  #items = [];
  #current = 0;

  // `link` and `picture` give the addresses for a position; `go` goes there. Without `thumbnails` all stay blank.
  constructor({ answers, texts, link, picture, go, thumbnails }) {
    this.#answers = answers;
    this.#texts = texts;
    this.#link = link;
    this.#pictures = thumbnails ? picture : null;
    this.#items = Array.from({ length: answers.total }, (_, index) => this.#item(index + 1));
    this.#list.replaceChildren(...this.#items.map((link) => wrapped(link)));
    this.#list.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(this.#items.indexOf(link) + 1);
    });
    this.#list.addEventListener("keydown", (event) => this.#move(event));
  }

  update(position) {
    const { answer, seen } = this.#answers.at(position);
    const [thumb, , mark] = this.#items[position - 1].children;
    if (seen && this.#pictures) depict(thumb, () => thumbnail(this.#pictures(position)));
    const state = answer ? this.#texts[answer] : this.#texts.open;
    mark.textContent = answer ? state : "–";
    mark.className = `mark ${answer ?? "open"}`;
    this.#items[position - 1].setAttribute("aria-label", fill(this.#texts.strip_item, { position, state }));
  }

  current(position) {
    const before = this.#items[this.#current - 1];
    before?.removeAttribute("aria-current");
    if (before) before.tabIndex = -1;
    const link = this.#items[position - 1];
    link.setAttribute("aria-current", "true");
    link.tabIndex = 0;
    this.#current = position;
    this.#list.scrollLeft = link.offsetLeft - (this.#list.clientWidth - link.offsetWidth) / 2;
  }

  #item(position) {
    const link = document.createElement("a");
    link.href = this.#link(position);
    link.tabIndex = -1; // one stop for the Tab key; the arrows go from image to image
    for (const name of ["thumb", "number", "mark"]) {
      const part = document.createElement("span");
      part.className = name;
      if (name === "number") part.textContent = position;
      link.append(part);
    }
    this.#items[position - 1] = link;
    this.update(position);
    return link;
  }

  #move(event) {
    const from = this.#items.indexOf(document.activeElement);
    const steps = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: this.#items.length - 1 };
    const link = this.#items[steps[event.key]];
    if (from < 0 || !(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // here the arrows choose, they do not leave the image
    link?.focus();
  }
}

function wrapped(link) {
  const item = document.createElement("li");
  item.append(link);
  return item;
}

function thumbnail(address) {
  const image = new Image(44, 44);
  image.alt = "";
  image.loading = "lazy";
  image.decoding = "async";
  image.fetchPriority = "low";
  image.src = address;
  return image;
}
