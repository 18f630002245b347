// A rater's way through the images: what is shown when, and what follows from a press.

import { SETTLING_MS } from "./answering.js";
import { fill } from "./texts.js";
import { painted } from "./viewing.js";

export class Rating {
  position = 0;
  #trial;
  #texts;
  #sync;
  #answers;
  #answering;
  #stage;
  #face;
  #strip;
  #pace;
  #pictures;
  #preferences;
  #open = true; // whether the study takes answers
  #viewing = null; // of the image on the screen; answers are taken only while there is one
  #leaving = null;
  #settling = 0;

  constructor({ trial, sync, answers, answering, stage, face, strip, pace, pictures, preferences }) {
    this.#trial = trial;
    this.#texts = trial.texts;
    this.#sync = sync;
    this.#answers = answers;
    this.#answering = answering;
    this.#stage = stage;
    this.#face = face;
    this.#strip = strip;
    this.#pace = pace;
    this.#pictures = pictures;
    this.#preferences = preferences;
    stage.onagain = () => this.show(this.position, { push: false });
  }

  async show(position, { push = true, message = "" } = {}) {
    if (position < 1) return;
    if (this.#answering.drafting) await this.#settle();
    if (position > this.#answers.total) {
      await this.leave("review");
      return;
    }
    if (this.#leaving) this.#face.say("");
    this.#leaving = null;
    this.#record();
    this.#refuse();
    this.position = position;
    this.#face.place(position);
    this.#face.choose(this.#answers.at(position));
    const viewing = this.#mayBeSeen ? await this.#present() : null;
    if (position !== this.position || this.#viewing) return;
    if (viewing) {
      this.#viewing = viewing;
      this.#answers.at(position).seen = true;
      this.#settling = setTimeout(() => this.#face.accept(this.#accepted), SETTLING_MS);
    }
    this.#arrived({ push, message });
  }

  // Steps from the present image; before the first one is shown there is nothing to step from.
  async step(by) {
    if (this.position) await this.show(this.position + by);
  }

  async press(choice) {
    if (!this.#viewing || !this.#accepted[choice.answer ? "answers" : "levels"]) return;
    const position = this.position;
    const done = await this.#answering.press(position, this.#viewing, choice);
    if (!done || position !== this.position) return;
    if (!this.#accepted.answers) this.#refuse();
    painted().then(() => this.refresh([position]));
    if (!this.#preferences.get("advance")) this.#describe();
    else if (this.#trial.back === "review") await this.leave(`review#image-${position}`);
    else await this.step(1);
  }

  async undo() {
    if (!this.#trial.options.revising || !this.#open) return;
    const position = await this.#answering.undo();
    if (!position) return;
    const message = fill(this.#texts.undone, { position });
    if (position === this.position) this.#face.say(message);
    else await this.show(position, { message });
    this.refresh([position]);
  }

  // Shows what was changed, here or elsewhere.
  refresh(positions) {
    const here = this.#answers.at(this.position);
    if (positions.includes(this.position) && !this.#answering.drafting) this.#face.choose(here);
    for (const position of positions) this.#strip.update(position);
    this.#count();
  }

  // Goes to another page as soon as everything is saved; without a connection it waits for one.
  async leave(path) {
    await this.#settle();
    const leaving = (this.#leaving = {});
    while (!(await this.#sync.flushed({ within: 1500 }))) {
      if (this.#leaving !== leaving) return;
      this.#face.say(this.#texts.leaving, { trouble: true });
    }
    if (this.#leaving !== leaving) return;
    // That this image was seen is told before the page that shows what was.
    this.#record();
    await this.#sync.flushed({ within: 1000 });
    location.href = `${this.#trial.base}/${path}`;
  }

  // The page goes away: whatever is known is stored and sent.
  end() {
    this.#answering.settle();
    this.#record();
    this.#sync.leave();
  }

  // The study takes answers, or takes none any more.
  setOpen(open) {
    if (open === this.#open) return;
    this.#open = open;
    if (open) {
      this.show(this.position, { push: false });
    } else {
      this.#refuse();
      this.#face.say(this.#texts.closed, { trouble: true });
    }
  }

  // What may be pressed: where nothing can be changed, a confidence that was not given still can be.
  get #accepted() {
    const { answer, confidence } = this.#answers.at(this.position);
    const answers = this.#open && (this.#trial.options.revising || !answer);
    const lacking = this.#trial.options.confidence_levels > 0 && !confidence;
    return { answers, levels: answers || (this.#open && lacking) };
  }

  // With a display limit an image comes back only to who may still answer it.
  get #mayBeSeen() {
    return !this.#trial.options.display_limit_ms || this.#accepted.levels;
  }

  async #present() {
    const { key } = this.#answers.at(this.position);
    return this.#stage.show(this.position, { key, alt: this.#face.title });
  }

  async #settle() {
    const position = this.position;
    await this.#answering.settle();
    if (position) this.refresh([position]);
  }

  #refuse() {
    clearTimeout(this.#settling);
    this.#face.accept();
  }

  #record() {
    const viewing = this.#viewing?.record();
    this.#viewing = null;
    if (viewing) this.#sync.add(viewing);
  }

  // What can wait until the image is on the screen.
  #arrived({ push, message }) {
    const position = this.position;
    if (!this.#mayBeSeen) this.#stage.say(this.#texts.not_again, { empty: true });
    this.#describe(message);
    if (push && history.state?.position !== position) {
      try {
        history.pushState({ position }, "", this.#face.address(position));
      } catch {
        // Some browsers allow only so many in a minute; the way back then skips an image.
      }
    }
    this.#strip.update(position);
    this.#strip.current(position);
    this.#count();
    this.#pictures.ahead(position);
  }

  #describe(message = "") {
    if (!this.#open) return;
    const { answer } = this.#answers.at(this.position);
    const given = answer ? fill(this.#texts.given, { answer: this.#texts[answer] }) : "";
    const { answers, levels } = this.#accepted;
    const fixed = answers ? "" : ` ${levels ? this.#texts.only_level : this.#texts.no_changes}`;
    this.#face.say(message || given + fixed, { happened: Boolean(message) });
    this.#face.announce(`${this.#face.title}. ${message || given + fixed}`);
  }

  #count() {
    const { answered, total, undoable } = this.#answers;
    this.#face.progress(answered, this.#pace.minutes(total - answered));
    this.#face.undoable(undoable !== null && this.#trial.options.revising);
  }
}
