// Small pictures of images that were seen. None stands there broken: its blank comes back, and it is loaded again when
// the connection is there again, and from time to time.

const AGAIN_MS = 15000;

const known = new WeakSet(); // places that have a picture, or will have
const missing = new Map(); // by place: the picture that could not be loaded

// Puts the picture that `make` gives into its place, once; it may stand there already. `blank` is what stands there
// without one.
export function depict(place, make, blank = "") {
  if (known.has(place)) return;
  known.add(place);
  const image = make();
  const fail = () => {
    place.replaceChildren(blank);
    missing.set(place, image);
  };
  image.addEventListener("error", fail);
  if (image.parentElement !== place) place.replaceChildren(image);
  if (image.complete && !image.naturalWidth) fail();
}

// Apart from the page: until a picture is there the blank stays.
function again() {
  for (const [place, image] of missing) {
    const fresh = image.cloneNode();
    fresh.loading = "eager";
    fresh.addEventListener("load", () => missing.delete(place) && place.replaceChildren(fresh));
  }
}

window.addEventListener("online", again);
setInterval(again, AGAIN_MS);
