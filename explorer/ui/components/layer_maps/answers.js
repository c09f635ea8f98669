// What Python is asked about the epochs, and what it said: one question at a time, each epoch
// once.

/** @import { Heard, Question } from "./types.js" */

const PATH = "explorer-layer-maps"; // as ui/server/layer_maps_route.py has it
const LATE = 30_000; // milliseconds after which a question counts as lost
const REFUSED = 422; // the HTTP status of "there is no such answer"
export const AGAIN = 2000; // milliseconds after which a lost one is asked again

/**
 * @template Found
 * @param {Question} question
 * @returns {Promise<Heard<Found>>} rejected where the server is not reached or has no time
 */
export async function ask(question) {
  const answer = await fetch(new URL(PATH, document.baseURI), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(question),
    signal: AbortSignal.timeout(LATE),
  });
  if (answer.status === REFUSED) return { refused: await answer.text() };
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return answer.json();
}

/**
 * The answers about the epochs of one layer and one image.
 *
 * @template Found
 */
export class Answers {
  /** @type {Map<number, Heard<Found>>} by epoch */
  #heard = new Map();
  /** @type {number[]} epochs, the next first */
  #wanted = [];
  #isAsking = false;
  #hasEnded = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again;

  /**
   * @param {(epoch: number) => Promise<Heard<Found>>} askAbout
   * @param {() => void} changed  is called when an answer has come, or was lost
   */
  constructor(askAbout, changed) {
    this.askAbout = askAbout;
    this.changed = changed;
    /** Was the last question lost? */
    this.isLost = false;
  }

  /**
   * @param {number} epoch
   * @returns {Heard<Found> | undefined} undefined where none has come yet
   */
  at(epoch) {
    return this.#heard.get(epoch);
  }

  /** All answers that have come. */
  found() {
    return [...this.#heard.values()].flatMap((heard) => (isRefused(heard) ? [] : [heard]));
  }

  /**
   * Ask about these, the first first, but for those that were answered.
   *
   * @param {number[]} epochs
   */
  want(epochs) {
    this.#wanted = epochs.filter((epoch) => !this.#heard.has(epoch));
    this.#next();
  }

  /** Ask for nothing more, as something else is looked at. */
  end() {
    this.#hasEnded = true;
    clearTimeout(this.#again);
  }

  async #next() {
    if (this.#isAsking || this.#hasEnded || this.#wanted.length === 0) return;
    clearTimeout(this.#again);
    this.#isAsking = true;
    const [epoch] = this.#wanted;
    try {
      const heard = await this.askAbout(epoch);
      this.#heard.set(epoch, heard);
      this.#wanted = this.#wanted.filter((each) => each !== epoch);
      this.isLost = false;
    } catch {
      this.isLost = true;
    }
    this.#isAsking = false;
    if (this.#hasEnded) return;
    this.changed();
    if (this.isLost) this.#again = setTimeout(() => this.#next(), AGAIN);
    else this.#next();
  }
}

/**
 * @template Found
 * @param {Heard<Found> | undefined} heard
 * @returns {heard is {refused: string}}
 */
export function isRefused(heard) {
  return heard !== undefined && heard !== null && typeof heard === "object" && "refused" in heard;
}
