// Asks what the network makes of a drawing, again and again while it grows.

/** @import { Answer, Drawing } from "./types.js" */

const PATH = "explorer-drawing"; // as ui/server/drawing_route.py has it
const REFUSED = 422; // the HTTP status of a refusal in words
const ANSWER_LATE = 8000; // milliseconds after which an answer counts as lost
export const EVERY = 100; // milliseconds from one question to the next

/**
 * @param {string} run
 * @param {Drawing} drawing
 * @returns {Promise<Answer>} rejected with a sentence where there is none
 */
export async function askServer(run, drawing) {
  const answer = await fetch(new URL(PATH, document.baseURI), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ run, drawing }),
    signal: AbortSignal.timeout(ANSWER_LATE),
  });
  if (answer.status === REFUSED) throw new Error(await answer.text());
  if (!answer.ok) throw new Error("the server is busy; it answers your next stroke");
  return answer.json();
}

/**
 * One question at a time, and no more than ten a second. What is drawn meanwhile is asked with the
 * next one: the last drawing is always asked about.
 */
export class Recognition {
  #isAsking = false;
  #isWaiting = false;
  /** The time at which the last question was asked. */
  #last = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {() => Promise<Answer>} ask  about the drawing as it is then
   * @param {(answer: Answer) => void} take
   * @param {(error: Error) => void} fail
   * @param {() => number} now  milliseconds
   */
  constructor(ask, take, fail, now = () => performance.now()) {
    this.ask = ask;
    this.take = take;
    this.fail = fail;
    this.now = now;
  }

  /** The drawing has changed. */
  follow() {
    this.#isWaiting = true;
    if (this.#isAsking || this.#timer !== undefined) return;
    const pause = this.#last + EVERY - this.now();
    if (pause <= 0) this.#go();
    else
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#go();
      }, pause);
  }

  async #go() {
    this.#isWaiting = false;
    this.#isAsking = true;
    this.#last = this.now();
    try {
      this.take(await this.ask());
    } catch (error) {
      this.fail(/** @type {Error} */ (error));
    }
    this.#isAsking = false;
    if (this.#isWaiting) this.follow();
  }
}
