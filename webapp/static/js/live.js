// A study's progress as it happens: the server sends the table anew whenever something changed.

const board = document.getElementById("board");
const line = document.getElementById("line");
const source = new EventSource(board.dataset.stream);

source.addEventListener("progress", ({ data }) => {
  const region = board.querySelector(".scroll");
  const left = region?.scrollLeft ?? 0;
  const focused = region !== null && region === document.activeElement;
  // Written by our own template, where every value is escaped.
  board.innerHTML = data;
  const fresh = board.querySelector(".scroll");
  if (fresh) fresh.scrollLeft = left;
  if (focused) fresh?.focus();
});
source.addEventListener("open", () => show("live"));
source.addEventListener("error", () => show(source.readyState === EventSource.CLOSED ? "ended" : "waiting"));
window.addEventListener("pagehide", () => source.close());
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

function show(state) {
  line.dataset.state = state;
  line.textContent = line.dataset[state];
}
