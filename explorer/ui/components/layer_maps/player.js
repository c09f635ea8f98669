// Which epoch is shown: played, stepped through, or the newest while a run goes on.

const WHOLE = 6000; // milliseconds that all epochs take, unless they are few or many
const FASTEST = 120;
const SLOWEST = 700;
const CALM = 1200; // for whoever wants little to move

/**
 * Milliseconds for which each of so many epochs is shown.
 *
 * @param {number} count
 * @param {boolean} isCalm
 */
export function pace(count, isCalm) {
  const step = Math.max(FASTEST, Math.min(SLOWEST, WHOLE / Math.max(1, count)));
  return isCalm ? CALM : step;
}

export class Player {
  /** @type {number[]} in their order */
  epochs = [];
  epoch = 0;
  isPlaying = false;
  /** Is the newest epoch shown, whichever that is? */
  #follows = true;

  /** Its place among the epochs. */
  get place() {
    return Math.max(0, this.epochs.indexOf(this.epoch));
  }

  /**
   * Take new epochs. What is looked at stays, also where its weights are no longer kept.
   *
   * @param {number[]} epochs
   */
  take(epochs) {
    const stays = this.epoch > 0 && !this.#follows && !epochs.includes(this.epoch);
    this.epochs = (stays ? [...epochs, this.epoch] : [...epochs]).sort((a, b) => a - b);
    if (this.#follows && !this.isPlaying) this.epoch = this.epochs.at(-1) ?? 0;
  }

  /**
   * Show the epoch at this place; from then on only the last place follows a run that goes on.
   *
   * @param {number} place
   */
  goTo(place) {
    const inside = Math.max(0, Math.min(this.epochs.length - 1, place));
    this.epoch = this.epochs[inside] ?? 0;
    this.#follows = inside === this.epochs.length - 1;
  }

  /** Begin to play: from the first epoch where the last is shown. */
  play() {
    this.isPlaying = this.epochs.length > 1;
    if (this.isPlaying && this.place === this.epochs.length - 1) this.goTo(0);
  }

  pause() {
    this.isPlaying = false;
  }

  /**
   * The next epoch of what plays, if it can be shown; the end is the last one.
   *
   * @param {(epoch: number) => boolean} isThere
   */
  tick(isThere) {
    if (!this.isPlaying) return;
    const next = this.epochs[this.place + 1];
    if (next !== undefined && !isThere(next)) return; // it is waited for
    if (next !== undefined) this.goTo(this.place + 1);
    if (this.place === this.epochs.length - 1) this.pause();
  }

  /** The epochs as they are to be asked for: the one that is shown, those after it, then others. */
  wanted() {
    const { place, epochs } = this;
    return [...epochs.slice(place), ...epochs.slice(0, place)];
  }
}
