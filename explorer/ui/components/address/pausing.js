// Something that is done with the newest of many values, and not too often.

/** @template Value */
export class Pausing {
  /** @type {{value: Value} | null} */
  #next = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;

  /**
   * @param {(value: Value) => boolean} act does it, and says whether there was anything to do
   * @param {number} pause milliseconds between two times that there was
   */
  constructor(act, pause) {
    this.act = act;
    this.pause = pause;
  }

  /**
   * Have it done with this value: as soon as the script rests, or once the pause is over.
   *
   * @param {Value} value
   */
  want(value) {
    this.#next = { value };
    this.#timer ??= setTimeout(() => this.flush(), 0);
  }

  /** Do now what is waiting, as the page goes. */
  flush() {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    if (!this.#next) return;
    const { value } = this.#next;
    this.#next = null;
    if (this.act(value)) this.#timer = setTimeout(() => this.flush(), this.pause);
  }
}
