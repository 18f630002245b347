// Runs in the rating page before the page's own scripts, for rating.py. It only watches; what each figure means
// is said there. Times are in ms on the page's monotonic clock.

(() => {
  const ANSWER = /"answer":\s*"(real|fake)"/;
  const trials = [];

  const shown = () => document.getElementById("picture");

  function visible(image) {
    return image?.complete && image.naturalWidth > 0 && image.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }

  // Calls back with the time in the first frame after the one that painted what the condition is about. Not with
  // that frame's own time stamp: on a busy machine it may lie before what was done meanwhile. Until the condition
  // holds no frame is asked for: where nothing moves the browser draws none, and the next one would have to wait.
  function painted(condition, done) {
    const observer = new MutationObserver(look);
    function look() {
      if (!condition()) return;
      observer.disconnect();
      removeEventListener("load", look, true);
      requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
    }
    observer.observe(document, { subtree: true, childList: true, attributes: true });
    addEventListener("load", look, true);
    look();
  }

  function pressed(event) {
    if (event.repeat || !["r", "f"].includes(event.key)) return;
    const before = shown()?.src;
    const image = before?.match(/([0-9a-f]{32})\.png/)?.[1];
    const trial = { image, pressed: event.timeStamp, durable: null, strict: false };
    trial.painted = new Promise((done) => {
      painted(() => shown()?.src !== before && visible(shown()), done);
    });
    trials.push(trial);
  }

  // What is written to IndexedDB is an answer when it says so and names the image that was answered.
  function written(value, transaction) {
    const text = JSON.stringify(value);
    const trial = trials.find((one) => one.durable === null && text.includes(one.image));
    if (!trial || !ANSWER.test(text)) return;
    transaction.addEventListener("complete", () => {
      trial.durable = performance.now();
      trial.strict = transaction.durability === "strict";
    });
  }

  for (const name of ["put", "add"]) {
    const original = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (value, ...key) {
      const request = original.call(this, value, ...key);
      written(value, this.transaction);
      return request;
    };
  }

  function answerable() {
    const button = document.querySelector("button[name=answer]");
    return visible(shown()) && button?.getAttribute("aria-disabled") === "false";
  }

  window.addEventListener("keydown", pressed, true);
  window.benchmark = {
    answerable: () => new Promise((done) => painted(answerable, done)),
    trial: async (number) => {
      const painted = await trials[number].painted;
      return { ...trials[number], painted };
    },
  };
})();
