// From a press to an answer that is durable. Where the study asks for a confidence, an answer is whole with both,
// in either order; until then it is a draft, which is stored too and is sent if the page goes away.

import { newId } from "./outbox.js";

// Nobody judges an image this fast: an earlier press belongs to the image before.
export const SETTLING_MS = 150;
const SLOW_MS = 60; // an answer that takes longer to keep is shown as chosen meanwhile

export class Answering {
  #sync;
  #answers;
  #face;
  #pace;
  #levels;
  #draft = null; // {position, answer, confidence, response_ms, hidden_ms, id, kept}
  #giving = false;

  constructor({ trial, sync, answers, face, pace }) {
    this.#sync = sync;
    this.#answers = answers;
    this.#face = face;
    this.#pace = pace;
    this.#levels = trial.options.confidence_levels;
  }

  get drafting() {
    return this.#draft !== null;
  }

  // Takes an answer or a level of confidence that was pressed at `moment`, on the monotonic clock, while `viewing`
  // was on the screen. Resolves to whether the image is done with; `whole` false keeps even a whole one a draft.
  async press(position, viewing, { moment, answer = null, level = null, whole = true }) {
    const times = viewing.since(moment);
    if (this.#giving || times.response_ms < SETTLING_MS) return false;
    this.#choose(position, { answer, level, times });
    const done = whole && this.#draft.answer && (!this.#levels || this.#draft.confidence);
    await (done ? this.#give() : this.#keep());
    return Boolean(done);
  }

  // Going on without a confidence gives the answer without one; a confidence without an answer is nothing.
  async settle() {
    if (this.#draft?.answer) await this.#give();
    this.#draft = null;
  }

  // Takes back the draft, else the last answer; resolves to the position of the answer, or null.
  async undo() {
    if (this.#giving) return null;
    if (this.#draft) {
      this.#face.choose(this.#answers.at(this.#draft.position));
      await this.#drop();
      return null;
    }
    const last = this.#answers.undo();
    if (!last) return null;
    await this.#sync.add(this.#entry({ ...last, response_ms: null, hidden_ms: 0 }));
    return last.position;
  }

  #choose(position, { answer, level, times }) {
    const held = this.#answers.at(position);
    const draft = this.#draft ?? { position, answer: held.answer, confidence: held.confidence, id: newId() };
    if (answer) {
      // A confidence that was chosen for the other answer says nothing of this one.
      const confidence = draft.answer && draft.answer !== answer ? null : draft.confidence;
      this.#draft = { ...draft, ...times, answer, confidence };
    } else {
      this.#draft = { ...times, ...draft, confidence: level };
    }
  }

  async #keep() {
    const draft = this.#draft;
    this.#face.choose(draft);
    if (!draft.answer) return;
    draft.kept = true;
    await this.#sync.draft({ ...this.#entry(draft), id: draft.id });
  }

  // The same answer once more is no new one.
  async #give() {
    const draft = this.#draft;
    const held = this.#answers.at(draft.position);
    if (draft.answer === held.answer && draft.confidence === held.confidence) {
      await this.#drop();
      return;
    }
    this.#draft = null;
    this.#answers.give(draft.position, draft);
    this.#pace.answered(performance.now());
    this.#giving = true;
    // Not at once: the next image would have to wait for the frame that shows the choice.
    const slow = setTimeout(() => this.#face.choose(draft), SLOW_MS);
    try {
      await this.#sync.add(this.#entry(draft), { replaces: draft.kept ? draft.id : null });
    } finally {
      clearTimeout(slow);
      this.#giving = false;
    }
  }

  async #drop() {
    const { id, kept } = this.#draft;
    this.#draft = null;
    if (kept) await this.#sync.discard(id);
  }

  #entry({ position, answer, confidence, response_ms, hidden_ms }) {
    return { kind: "answer", image: this.#answers.at(position).key, answer, confidence, response_ms, hidden_ms };
  }
}
