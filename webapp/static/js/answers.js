// What this page believes of the rater's answers, by position (1 first), and what can be undone.

const NOTHING = { answer: null, confidence: null };

export class Answers {
  #steps;
  #before;

  // `before` remembers what held before each answer.
  constructor(steps, before) {
    this.#steps = steps.map((step) => ({ ...step }));
    this.#before = before;
  }

  get total() {
    return this.#steps.length;
  }

  get answered() {
    return this.#steps.filter((step) => step.answer).length;
  }

  get undoable() {
    return this.#before.last?.position ?? null;
  }

  at(position) {
    return this.#steps[position - 1];
  }

  positionOf(image) {
    return this.#steps.findIndex((step) => step.key === image) + 1;
  }

  // The rater gives an answer now.
  give(position, { answer, confidence }) {
    this.#before.push({ ...this.at(position), position });
    this.#set(position, { answer, confidence });
  }

  // What must be given so that the last answer is undone; null where there is none left.
  undo() {
    const last = this.#before.pop();
    if (last) this.#set(last.position, last);
    return last;
  }

  // An entry from before this page, or from another tab. Gives its position where it changes something, else 0.
  overlay({ image, answer, confidence }) {
    const position = this.positionOf(image);
    return position && this.#set(position, answer ? { answer, confidence: confidence ?? null } : NOTHING) ? position : 0;
  }

  // The server's answers, except for images whose answers are still on their way to it; gives what changed.
  take(held, onItsWay) {
    const changed = [];
    for (const [index, [answer, confidence]] of held.entries()) {
      const position = index + 1;
      if (onItsWay(this.at(position).key)) continue;
      if (this.#set(position, { answer, confidence })) changed.push(position);
    }
    return changed;
  }

  #set(position, { answer, confidence }) {
    const step = this.at(position);
    const changes = step.answer !== answer || step.confidence !== confidence;
    Object.assign(step, { answer, confidence });
    return changes;
  }
}
