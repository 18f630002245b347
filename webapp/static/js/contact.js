// The contact sheet: all images with their answers, filtered, walked through by arrow keys.

import { fill } from "./texts.js";
import { depict } from "./thumbnails.js";

const KEPT_AS = "dermvtt.review.show";

export class Contact {
  #list;
  #steps;
  #trial;
  #tiles;
  #filters;
  #show;

  constructor(list, trial) {
    this.#list = list;
    this.#trial = trial;
    this.#steps = trial.steps;
    this.#tiles = [...list.querySelectorAll(".tile")];
    this.#filters = [...document.querySelectorAll("[data-show]")];
    this.#show = this.#filters.find((link) => link.hasAttribute("aria-current"))?.dataset.show ?? "all";
    for (const link of this.#filters) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.show(link.dataset.show);
        history.replaceState(history.state, "", link.href);
      });
    }
    this.#tiles.forEach((tile, index) => {
      const image = tile.querySelector("img");
      if (image) depict(image.parentElement, () => image, blank(index + 1));
    });
    this.#return();
  }

  // The position of the image whose tile has the focus.
  get focused() {
    const at = this.#tiles.indexOf(document.activeElement);
    return at < 0 ? null : at + 1;
  }

  // Whether she has the image before her: an answer without it would be blind.
  pictured(position) {
    const image = this.#tiles[position - 1].querySelector("img");
    return Boolean(image?.complete && image.naturalWidth);
  }

  // Shows what the step at a position holds now. The filter is not applied again: the tile in hand stays.
  describe(position) {
    const { answer, confidence, seen } = this.#steps[position - 1];
    const { texts, options } = this.#trial;
    const tile = this.#tiles[position - 1];
    tile.className = `tile ${answer ?? "open"}`;
    tile.querySelector(".state").textContent = texts[answer ?? "open"];
    const level = tile.querySelector(".level");
    const levels = options.confidence_levels;
    if (level) level.textContent = confidence ? fill(texts.level, { level: confidence, levels }) : "";
    if (seen && !options.display_limit_ms) {
      depict(tile.querySelector(".picture"), () => this.#picture(position), blank(position));
    }
    this.count();
  }

  count() {
    for (const link of this.#filters) {
      const count = this.#steps.filter((step) => this.#fits(step, link.dataset.show)).length;
      link.querySelector(".count").textContent = count;
    }
  }

  show(name) {
    this.#show = name;
    keep(name);
    for (const link of this.#filters) {
      if (link.dataset.show === name) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    document.querySelectorAll("[name=return_to]").forEach((field) => (field.value = `review?show=${name}`));
    const shown = this.#steps.map((step) => this.#fits(step, name));
    this.#tiles.forEach((tile, index) => (tile.parentElement.hidden = !shown[index]));
    document.getElementById("nothing").hidden = shown.some(Boolean);
  }

  // Moves the focus by tiles that are shown, or by rows of them.
  move(dx, dy) {
    const shown = this.#tiles.filter((tile) => !tile.parentElement.hidden);
    const at = shown.indexOf(document.activeElement);
    const row = shown.filter((tile) => tile.offsetTop === shown[0].offsetTop).length;
    if (at >= 0) shown[at + dx + dy * row]?.focus();
  }

  // Puts the focus on an image, also where the filter left it out.
  focus(position) {
    const tile = this.#tiles[position - 1];
    tile.parentElement.hidden = false;
    tile.focus();
  }

  #fits({ answer, confidence }, name) {
    const half = this.#trial.options.confidence_levels / 2;
    if (name === "unanswered") return !answer;
    return name !== "unsure" || Boolean(answer && (!confidence || confidence <= half));
  }

  #picture(position) {
    const { base, size } = this.#trial;
    const image = new Image(size, size);
    image.alt = "";
    image.src = `${base}/images/${this.#steps[position - 1].key}.png`;
    return image;
  }

  // Back from an image: the same filter as before, and the focus on that image, or on the next one shown.
  #return() {
    const at = Number(/^#image-(\d+)$/.exec(location.hash)?.[1]);
    if (!at) return keep(this.#show);
    const kept = recall();
    if (this.#filters.some((link) => link.dataset.show === kept)) this.show(kept);
    const tile = this.#tiles.find((one, index) => index + 1 >= at && !one.parentElement.hidden);
    const focus = () => document.activeElement === document.body && tile?.focus();
    // The browser goes to the address's fragment on its own, and takes the focus away as it does.
    if (document.readyState === "complete") focus();
    else window.addEventListener("load", () => requestAnimationFrame(focus), { once: true });
  }
}

// What stands in place of a picture.
function blank(position) {
  const number = document.createElement("span");
  number.className = "blank";
  number.ariaHidden = "true";
  number.textContent = position;
  return number;
}

function keep(name) {
  try {
    sessionStorage.setItem(KEPT_AS, name);
  } catch {
    // Not remembered: she comes back to all images.
  }
}

function recall() {
  try {
    return sessionStorage.getItem(KEPT_AS);
  } catch {
    return null;
  }
}
