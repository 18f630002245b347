// A study's progress as it happens: the server sends the table anew whenever something changed.

const board = document.getElementById("board");
const line = document.getElementById("line");
const AGAIN_MS = 5000;
let source = null;

connect();
window.addEventListener("pagehide", () => source.close());
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

function connect() {
  source = new EventSource(board.dataset.stream);
  source.addEventListener("progress", draw);
  source.addEventListener("open", () => show("live"));
  source.addEventListener("error", () => {
    show("waiting");
    // A broken line a browser mends by itself. At any other answer it gives up, also at one that says: later.
    if (source.readyState === EventSource.CLOSED) setTimeout(look, AGAIN_MS);
  });
}

async function look() {
  const reply = await fetch(board.dataset.stream, { redirect: "manual" }).catch(() => null);
  reply?.body?.cancel();
  if (reply?.ok) connect();
  else if (!reply || reply.status >= 500) setTimeout(look, AGAIN_MS);
  else show("ended"); // logged out, or the study is gone
}

function draw({ data }) {
  const region = board.querySelector(".scroll");
  const left = region?.scrollLeft ?? 0;
  const focused = region !== null && region === document.activeElement;
  // Written by our own template, where every value is escaped.
  board.innerHTML = data;
  const fresh = board.querySelector(".scroll");
  if (fresh) fresh.scrollLeft = left;
  if (focused) fresh?.focus();
}

function show(state) {
  line.dataset.state = state;
  line.textContent = line.dataset[state];
}
