// What fingers, pens, mouse and wheel do on an element: told as "closer", "move" and "double tap".

const TAP_MS = 350; // two taps within this are a double tap,
const TAP_PX = 24; // if the finger came back to about the same place
const STILL_PX = 6; // and did not move

// Calls handler.zoom(factor, point), .pan(dx, dy), .toggle(point) and .end() (nothing touches any more); points are
// in the window, in CSS pixels.
export class Gestures {
  #handler;
  #pointers = new Map(); // what is down, and where
  #moved = 0; // how far the first of them went
  #pinched = false;
  #tap = null; // the last tap: where and when

  constructor(element, handler) {
    this.#handler = handler;
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", (event) => this.#lift(event));
  }

  // What is under way has nothing to do with the next image.
  forget() {
    this.#pointers.clear();
    this.#tap = null;
  }

  #wheel(event) {
    event.preventDefault();
    const unit = [1, 16, 400][event.deltaMode] ?? 1; // pixels, lines, pages
    const turned = Math.max(-240, Math.min(240, event.deltaY * unit));
    // A pinch on a touchpad arrives as a wheel with Ctrl, in much smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.002;
    this.#handler.zoom(Math.exp(-turned * speed), { x: event.clientX, y: event.clientY });
  }

  #down(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    // A button on the picture ("Try again") is pressed, not dragged.
    if (event.target.closest("button, a, input, label")) return;
    if (this.#pointers.size === 0) {
      this.#moved = 0;
      this.#pinched = false;
    }
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    event.currentTarget.setPointerCapture(event.pointerId);
    if (this.#pointers.size > 1) this.#pinched = true;
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const old = [...this.#pointers.values()];
    this.#pointers.set(event.pointerId, now);
    if (old.length === 1) {
      this.#moved += Math.hypot(now.x - before.x, now.y - before.y);
      if (this.#moved > STILL_PX) this.#handler.pan(now.x - before.x, now.y - before.y);
    } else if (old.length === 2) {
      const [from, to] = [spread(old), spread([...this.#pointers.values()])];
      this.#handler.zoom(to.distance / Math.max(from.distance, 1), from);
      this.#handler.pan(to.x - from.x, to.y - from.y);
    }
  }

  #up(event) {
    const tapped = this.#pointers.size === 1 && this.#pointers.has(event.pointerId) && !this.#pinched;
    this.#lift(event);
    const last = this.#tap;
    this.#tap = null;
    if (!tapped || this.#moved > STILL_PX) return;
    const tap = { x: event.clientX, y: event.clientY, at: event.timeStamp };
    if (last && tap.at - last.at < TAP_MS && Math.hypot(tap.x - last.x, tap.y - last.y) < TAP_PX) {
      this.#handler.toggle(tap);
    } else {
      this.#tap = tap;
    }
  }

  #lift(event) {
    if (this.#pointers.delete(event.pointerId) && this.#pointers.size === 0) this.#handler.end();
  }
}

function spread([one, other]) {
  return { distance: Math.hypot(one.x - other.x, one.y - other.y), x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}
