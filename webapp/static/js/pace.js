// How much time is left, from the pace of the last answers: their median, so that a coffee does not count.

const RECENT = 20;
const ENOUGH = 3; // before that many answers a usual pace is assumed
const USUAL_MS = 6000;

export class Pace {
  #last;
  #intervals = [];

  constructor(began) {
    this.#last = began;
  }

  answered(moment) {
    this.#intervals = [...this.#intervals, moment - this.#last].slice(-RECENT);
    this.#last = moment;
  }

  // Whole minutes for so many images; 0 is less than one.
  minutes(images) {
    const sorted = [...this.#intervals].sort((one, other) => one - other);
    const each = sorted.length < ENOUGH ? USUAL_MS : sorted[Math.floor(sorted.length / 2)];
    const minutes = (images * each) / 60000;
    return minutes < 1 ? 0 : Math.round(minutes);
  }
}
