// Times on the monotonic clock. Time with the page hidden (another tab, a locked tablet) is counted apart.

let hiddenBefore = 0;
let hiddenSince = document.hidden ? performance.now() : null;

document.addEventListener("visibilitychange", (event) => {
  if (document.hidden) {
    hiddenSince ??= event.timeStamp;
  } else if (hiddenSince !== null) {
    hiddenBefore += event.timeStamp - hiddenSince;
    hiddenSince = null;
  }
});

function hiddenUntil(moment) {
  return hiddenBefore + (hiddenSince === null ? 0 : Math.max(0, moment - hiddenSince));
}

// Resolves to the time at which what is in the document now was on the screen: the first callback comes before
// that frame is painted, the second after.
export function painted() {
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}

// One time that an image was on the screen.
export class Viewing {
  #shown;
  #hidden;
  #ended = null;

  constructor(image, shown) {
    this.image = image;
    this.at = Date.now() - (performance.now() - shown);
    this.#shown = shown;
    this.#hidden = hiddenUntil(shown);
  }

  // From the sight of the image to an event: its time stamp is of the press, not of when the page got to it.
  since(moment) {
    return { response_ms: moment - this.#shown, hidden_ms: hiddenUntil(moment) - this.#hidden };
  }

  get visible_ms() {
    const { response_ms, hidden_ms } = this.since(performance.now());
    return response_ms - hidden_ms;
  }

  // The image has left the screen, though the page may still be waiting for an answer.
  end() {
    this.#ended ??= this.since(performance.now());
  }

  // What is recorded of it: once, and null from then on.
  record() {
    this.end();
    if (this.recorded) return null;
    this.recorded = true;
    const { response_ms, hidden_ms } = this.#ended;
    return { kind: "viewing", image: this.image, at: this.at, visible_ms: response_ms - hidden_ms, hidden_ms };
  }
}
