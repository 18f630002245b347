// The rating page: puts its parts together and tells them what happens.

import { Answering } from "./answering.js";
import { Answers } from "./answers.js";
import { installControls } from "./controls.js";
import { installDialogs } from "./dialogs.js";
import { Face } from "./face.js";
import { Filmstrip } from "./filmstrip.js";
import { Pace } from "./pace.js";
import { Pictures } from "./pictures.js";
import { preferences } from "./preferences.js";
import { Rating } from "./rating.js";
import { Stage } from "./stage.js";
import { Sync } from "./sync.js";
import { fill } from "./texts.js";
import { Undoable } from "./undoable.js";
import { Zoom } from "./zoom.js";

const trial = JSON.parse(document.getElementById("trial").textContent);
const { base, options, texts } = trial;
const total = trial.steps.length;

const answers = new Answers(trial.steps, new Undoable(trial.owner));
const picture = (position) => `${base}/images/${answers.at(position).key}.png`;
const pictures = new Pictures({ address: picture, total, size: trial.size, everything: options.preload_all });
const first = pictures.ready(trial.position, document.getElementById("picture"));
const sync = new Sync(trial);
const face = new Face(trial);
const zoom = new Zoom(document.getElementById("stage"), document.getElementById("frame"), { enabled: options.zoom });
const stage = new Stage({ pictures, zoom, trial });
const pace = new Pace(performance.now());
const strip = new Filmstrip({
  answers,
  texts,
  picture,
  link: (position) => face.address(position),
  go: (position) => rating.step(position - rating.position),
  thumbnails: !options.display_limit_ms, // a thumbnail would outlast the limit
});
const answering = new Answering({ trial, sync, answers, face, pace });
const rating = new Rating({ trial, sync, answers, answering, stage, face, strip, pace, pictures, preferences });

function showState(state) {
  if (state.submitted) {
    location.href = `${base}/done`;
    return;
  }
  const changed = answers.take(state.answers, (image) => sync.holds(image));
  showElsewhere(changed.filter((position) => !refused.delete(position)));
  rating.refresh(changed);
  rating.setOpen(state.open);
}

function showElsewhere(positions) {
  if (!positions.length) return;
  const [position] = positions;
  const { answer } = answers.at(position);
  const one = answer ? fill(texts.elsewhere, { position, answer: texts[answer] }) : fill(texts.withdrawn, { position });
  face.say(positions.length === 1 ? one : fill(texts.elsewhere_many, { count: positions.length }));
}

const refused = new Set(); // positions at which the server's answer holds, as the rater was told
sync.addEventListener("status", ({ detail }) => face.saved(detail));
sync.addEventListener("state", ({ detail }) => showState(detail));
sync.addEventListener("trouble", ({ detail }) => face.say(detail.error, { trouble: true }));
sync.addEventListener("elsewhere", ({ detail }) => {
  const position = detail.kind === "answer" ? answers.overlay(detail) : 0;
  if (!position) return;
  showElsewhere([position]);
  rating.refresh([position]);
});
sync.addEventListener("refused", ({ detail }) => {
  const position = detail.entry?.kind === "answer" ? answers.positionOf(detail.entry.image) : 0;
  if (!position) return;
  if (detail.final) refused.add(position);
  face.say(fill(texts.refused, { position, error: detail.error }), { trouble: true });
});

// Without the first images the study does not begin where it says that all must be there.
async function everything() {
  stage.empty();
  pictures.ahead(trial.position);
  while (pictures.loaded < total) {
    const done = { count: pictures.loaded, total };
    const stuck = pictures.loaded + pictures.failed === total;
    const again = () => pictures.retry();
    stage.say(fill(stuck ? texts.not_all_loaded : texts.loading_all, done), stuck ? { again } : {});
    await new Promise((next) => pictures.addEventListener("progress", next, { once: true }));
  }
}

// Answers that waited from before count as given: whoever comes back by her link goes on behind them, and behind what
// arrived since the server sent her here.
function begin(waiting) {
  for (const entry of waiting) if (entry.kind === "answer") answers.overlay(entry);
  for (const position of waiting.map((entry) => answers.positionOf(entry.image)).filter(Boolean)) {
    answers.at(position).seen = true;
    strip.update(position);
  }
  const { position } = trial;
  if (!new URLSearchParams(location.search).has("resume")) return position;
  const from = (start) => Array.from({ length: total - start + 1 }, (_, index) => start + index);
  return [...from(position), ...from(1)].find((one) => !answers.at(one).answer) ?? total + 1;
}

face.accept();
installDialogs();
installControls({ rating, stage, zoom, preferences, sync, trial });
const waiting = await sync.start();
if (options.preload_all) await everything();
await first.catch(() => {});
const position = begin(waiting);
if (position <= total) history.replaceState({ position }, "", face.address(position));
stage.empty();
document.getElementById("rate").classList.remove("held");
await rating.show(position, { push: false });
