// Looking closer at the image: wheel, pinch, double tap, drag and keys. What is shown grows, nothing else changes:
// the focus stays, nothing is announced, and no gesture answers.

import { Gestures } from "./gestures.js";

const LARGEST = 8;
const STEP = 1.5; // by one key press
const TOGGLED = 3; // by a double tap
const ALMOST_WHOLE = 1.05;
const PAN_PART = 0.25; // of the stage, by one key press

export class Zoom {
  #stage;
  #frame;
  #gestures = null;
  #scale = 1;
  #x = 0; // how far the frame is moved, in CSS pixels
  #y = 0;

  // `stage` clips; `frame` stands in it and holds the <img>. Not enabled, it leaves both alone.
  constructor(stage, frame, { enabled = true } = {}) {
    this.#stage = stage;
    this.#frame = frame;
    if (enabled) this.#install();
  }

  get scale() {
    return this.#scale;
  }

  // Called for each new image; costs nothing where nothing is enlarged.
  reset() {
    if (this.#scale !== 1) this.#place(1, 0, 0);
    this.#gestures?.forget();
  }

  // Does an action of keys.js, given by its name or whole; tells whether that changed anything.
  act(action) {
    if (!this.#gestures) return false;
    const { name, dx = 0, dy = 0 } = typeof action === "string" ? { name: action } : action;
    const before = [this.#scale, this.#x, this.#y].join();
    if (name === "zoomIn") this.#zoom(STEP, this.#centre());
    if (name === "zoomOut") this.#zoom(1 / STEP, this.#centre());
    if (name === "zoomReset" || this.#scale < ALMOST_WHOLE) this.#place(1, 0, 0);
    if (name === "pan") {
      const { width, height } = this.#stage.getBoundingClientRect();
      this.#pan(-dx * width * PAN_PART, -dy * height * PAN_PART);
    }
    return before !== [this.#scale, this.#x, this.#y].join();
  }

  #install() {
    const stage = this.#stage;
    this.#frame.style.transformOrigin = "0 0";
    // The browser neither scrolls nor enlarges the page, selects the picture, drags it, or offers to save it.
    Object.assign(stage.style, { touchAction: "none", userSelect: "none", overflow: "hidden" });
    stage.style.setProperty("-webkit-user-select", "none");
    stage.style.setProperty("-webkit-touch-callout", "none");
    stage.addEventListener("dragstart", (event) => event.preventDefault());
    stage.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
    this.#gestures = new Gestures(stage, {
      zoom: (factor, point) => this.#zoom(factor, point),
      pan: (dx, dy) => this.#pan(dx, dy),
      toggle: (point) => (this.#scale > 1 ? this.#place(1, 0, 0) : this.#zoom(TOGGLED, point)),
      end: () => this.#scale < ALMOST_WHOLE && this.#place(1, 0, 0),
    });
    // A turned tablet: the picture has another size, and must fill the stage again.
    new ResizeObserver(() => this.#pan(0, 0)).observe(stage);
  }

  // Larger by a factor, with what is at `point` staying there.
  #zoom(factor, point) {
    const scale = Math.min(LARGEST, Math.max(1, this.#scale * factor));
    const frame = this.#frame.getBoundingClientRect();
    const grown = 1 - scale / this.#scale;
    this.#place(scale, this.#x + (point.x - frame.left) * grown, this.#y + (point.y - frame.top) * grown);
  }

  #pan(dx, dy) {
    if (this.#scale !== 1) this.#place(this.#scale, this.#x + dx, this.#y + dy);
  }

  // Puts the frame there, as far as the image then fills the stage, or stands in its middle while it is smaller.
  #place(scale, x, y) {
    if (scale === 1) {
      this.#show(1, 0, 0);
      return;
    }
    this.#show(scale, x, y);
    const stage = this.#stage.getBoundingClientRect();
    const picture = (this.#frame.querySelector("img") ?? this.#frame).getBoundingClientRect();
    const right = correction(picture.left, picture.width, stage.left, stage.width);
    const down = correction(picture.top, picture.height, stage.top, stage.height);
    this.#show(scale, x + right, y + down);
  }

  #show(scale, x, y) {
    [this.#scale, this.#x, this.#y] = [scale, x, y];
    this.#frame.style.transform = scale === 1 ? "" : `translate(${x}px, ${y}px) scale(${scale})`;
    this.#stage.style.cursor = scale === 1 ? "" : "move";
  }

  #centre() {
    const { left, top, width, height } = this.#stage.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  }
}

// How far something must be moved so that it fills the stage, or stands in the middle where it is smaller.
function correction(start, size, stageStart, stageSize) {
  const room = stageSize - size;
  if (room >= 0) return stageStart + room / 2 - start;
  return Math.min(stageStart, Math.max(stageStart + room, start)) - start;
}
