// Keeps the analysis on the page up to date with what is edited: each row's numbers, and what does
// not fit.
//
// It follows from the layers and the images' shape alone. So it is asked for at an address of its
// own with every edit, and is there long before the page is drawn anew. Where that address fails,
// the answer to the draft brings it.

/** @import { Analysis, Question } from "./types.js" */

// Milliseconds after which the numbers that an analysis will change are dimmed.
export const ANSWER_SLOW = 150;
// Milliseconds after which a question counts as lost, after a cut connection say.
export const ANSWER_LATE = 4000;
// Milliseconds for which an address that failed is left alone.
export const ASK_AGAIN = 30_000;

const PATH = "explorer-analysis"; // as ui/server/analysis_route.py has it
const REFUSED = 422; // the HTTP status of "these are no layers"

/**
 * Ask for an analysis.
 *
 * @param {Question} question
 * @returns {Promise<Analysis | null>} null where these are no layers to the server; rejected where
 *   it is not reached or does not answer
 */
export async function askAnalysis({ stack, input }) {
  const answer = await fetch(new URL(PATH, document.baseURI), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ input, stack }),
    signal: AbortSignal.timeout(ANSWER_LATE),
  });
  if (answer.status === REFUSED) return null;
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return answer.json();
}

export class Analyses {
  /** Does the analysis of what is edited take long? */
  isSlow = false;
  /** @type {Question | null} what the analysis on the page is of */
  #shown = null;
  /** @type {Question | null} the last one that had no answer at the address */
  #failed = null;
  /** @type {Question["stack"] | null} the last one that Python did not accept */
  #refused = null;
  #isAsking = false;
  #hasEnded = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #slow;
  /** @type {ReturnType<typeof setTimeout> | undefined} while the address is left alone */
  #rest;

  /**
   * @param {object} editor
   * @param {() => Question | null} editor.read  what is edited now; null where that cannot be asked
   *   for yet
   * @param {(question: Question) => Promise<Analysis | null>} editor.ask
   * @param {() => void} editor.askWithDraft  has the answer to a draft bring the analysis
   * @param {(analysis: Analysis) => void} editor.take
   * @param {() => void} editor.draw
   */
  constructor({ read, ask, askWithDraft, take, draw }) {
    this.read = read;
    this.ask = ask;
    this.askWithDraft = askWithDraft;
    this.take = take;
    this.draw = draw;
  }

  /** The stack that the analysis on the page is of; [] where it is of other images. */
  get known() {
    const input = this.read()?.input;
    return this.#shown && String(this.#shown.input) === String(input) ? this.#shown.stack : [];
  }

  /** Whether the analysis on the page is that of what is edited. */
  get isCurrent() {
    return isSame(this.#shown, this.read());
  }

  /** Whether the answer to a draft of what is edited is to bring the analysis. */
  get needsDraft() {
    return this.#rest !== undefined || isSame(this.#failed, this.read());
  }

  /**
   * Take an analysis that an answer brought.
   *
   * @param {Question} question  what it is of
   * @param {Analysis} analysis
   */
  adopt(question, analysis) {
    if (this.isCurrent) return;
    this.#shown = question;
    this.take(analysis);
  }

  /** Take the analysis on the page for one of nothing that is edited, as another stack comes. */
  forget() {
    this.#shown = null;
  }

  /**
   * Expect no analysis of a stack that Python did not accept; null where it accepted the last one.
   *
   * @param {Question["stack"] | null} stack
   */
  refuse(stack) {
    this.#refused = stack;
  }

  /** Where the analysis on the page is not that of what is edited, have it come. */
  follow() {
    const wanted = this.read();
    if (this.isCurrent || (wanted && wanted.stack === this.#refused)) {
      this.#beQuick();
      return;
    }
    this.#beSlowSoon();
    if (!wanted) return;
    if (this.needsDraft) this.askWithDraft();
    else if (!this.#isAsking) this.#ask(wanted);
  }

  end() {
    this.#hasEnded = true;
    clearTimeout(this.#slow);
    clearTimeout(this.#rest);
  }

  /** @param {Question} question */
  async #ask(question) {
    this.#isAsking = true;
    const analysis = await this.ask(question).catch(() => undefined);
    this.#isAsking = false;
    if (this.#hasEnded) return;
    const now = this.read();
    const isOfThese = now?.base === question.base && String(now.input) === String(question.input);
    if (analysis === undefined) this.#leaveAlone();
    if (!analysis) this.#failed = question;
    else if (isOfThese && !this.isCurrent) {
      this.#shown = question;
      this.take(analysis);
      if (this.isCurrent) this.#beQuick();
      this.draw();
    }
    this.follow();
  }

  #leaveAlone() {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.#rest = undefined;
      this.#failed = null;
      this.follow();
    }, ASK_AGAIN);
  }

  #beSlowSoon() {
    if (this.isSlow || this.#slow !== undefined) return;
    this.#slow = setTimeout(() => {
      this.#slow = undefined;
      this.isSlow = true;
      this.draw();
    }, ANSWER_SLOW);
  }

  #beQuick() {
    clearTimeout(this.#slow);
    this.#slow = undefined;
    this.isSlow = false;
  }
}

/**
 * @param {Question | null} one
 * @param {Question | null} other
 */
function isSame(one, other) {
  if (!one || !other) return false;
  return one.stack === other.stack && String(one.input) === String(other.input);
}
