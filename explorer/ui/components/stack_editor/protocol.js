// What an editor and Python say to each other about one stack.
//
// The browser owns the draft. Every edit is shown at once and the whole draft is sent, numbered by
// `seq`; Python answers with the page drawn anew and with that `seq` as acknowledgement. One draft
// is on its way at a time: what is typed meanwhile goes, all together, when the answer comes.
// `base` changes only when Python puts another stack in place; then, and to an editor that has none
// yet, it sends the layers too.
//
// The analysis, each row's numbers and what does not fit, is asked for at once and by itself, as it
// is there long before the page. Each draft tells for which images that was done. The answer brings
// the analysis where it is another one: for other images, and where asking failed.

/** @import { Analysis, Answer, Draft, Snapshot, Stack } from "./types.js" */

// Milliseconds after which the numbers that an analysis will change are dimmed.
export const ANSWER_SLOW = 150;
// Milliseconds after which a message counts as lost, after a cut connection say.
export const ANSWER_LATE = 4000;

const PATH = "explorer-analysis"; // as ui/server/analysis_route.py has it

/**
 * Ask for the analysis of a stack.
 *
 * @param {Stack} stack
 * @param {number[]} input  the images' shape
 * @returns {Promise<Analysis>} rejected where the server is not reached or has no answer
 */
export async function askAnalysis(stack, input) {
  const answer = await fetch(new URL(PATH, document.baseURI), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ input, stack }),
    signal: AbortSignal.timeout(ANSWER_LATE),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

export class Conversation {
  /** @type {number | null} of the stack that is edited; null before there is one */
  base = null;
  /** Of the newest draft. */
  seq = 0;
  /** Of the newest draft that was answered. */
  answered = 0;
  /** @type {{seq: number, stack: Stack} | null} the draft on its way */
  sent = null;
  /** @type {number[]} the images' shape */
  input = [];
  /** @type {Stack} the stack that the analysis on the page is of */
  known = [];
  /** Does the analysis take long? */
  isSlow = false;
  /** Of the newest draft whose analysis is on the page. */
  #analyzed = 0;
  /** Is an analysis asked for? */
  #isAsking = false;
  /** @type {Stack | null} the stack for which asking failed last */
  #failed = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #late;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #slow;

  /**
   * @param {object} editor
   * @param {() => Snapshot} editor.read  what is edited, as it is now
   * @param {(draft: Draft | null) => void} editor.send
   * @param {(stack: Stack, input: number[]) => Promise<Analysis>} editor.ask
   * @param {(analysis: Analysis) => void} editor.show  shows an analysis of `known`
   * @param {() => void} editor.draw  shows that it takes long
   */
  constructor({ read, send, ask, show, draw }) {
    this.read = read;
    this.send = send;
    this.ask = ask;
    this.show = show;
    this.draw = draw;
  }

  /**
   * Hear an answer.
   *
   * @param {Answer} answer
   * @returns {"replaced" | "answered" | "unknown"} "replaced": the answer's layers are to be put
   *   in place; "unknown": it speaks of layers that this editor has not got, and they have been
   *   asked for
   */
  hear(answer) {
    const replaced = answer.base !== this.base;
    if (replaced) {
      if (!answer.whole) {
        this.#askForLayers();
        return "unknown";
      }
      clearTimeout(this.#late);
      this.base = answer.base;
      this.seq = answer.seq;
      this.sent = null;
      this.known = answer.whole.stack;
      this.#analyzed = answer.seq;
    }
    this.input = answer.input;
    this.answered = answer.seq;
    if (this.sent && answer.seq >= this.sent.seq) {
      clearTimeout(this.#late);
      if (this.brings(answer) && !answer.refusal) this.#know(this.sent.stack, answer.seq);
      this.sent = null;
    }
    if (answer.seq >= this.seq && (replaced || answer.analysis)) this.#beQuick();
    return replaced ? "replaced" : "answered";
  }

  /**
   * Whether an answer holds an analysis that is not older than the one on the page.
   *
   * @param {Answer} answer
   */
  brings(answer) {
    return answer.analysis !== null && answer.seq >= this.#analyzed;
  }

  /**
   * Whether the newest draft is one that Python did not accept.
   *
   * @param {Answer} answer
   */
  isRefused(answer) {
    return answer.refusal !== null && answer.seq === this.seq;
  }

  /** Whether something was edited that has no answer yet. */
  get isWaiting() {
    return this.seq > this.answered;
  }

  /**
   * Ask for the analysis of what was edited, unless another one is asked for; then once that is
   * there. Send it: now, or with the answer to the draft that is on its way.
   */
  submit() {
    this.seq += 1;
    this.#analyze();
    this.sendNewest();
  }

  /** Send the newest draft, unless one is on its way: the answer to that one will send it. */
  sendNewest() {
    if (this.sent || this.base === null) return;
    const draft = this.#draft();
    this.sent = { seq: draft.seq, stack: draft.stack };
    this.send(draft);
    this.#late = setTimeout(() => this.#sendAgain(), ANSWER_LATE);
  }

  /** Wait no longer for an answer: who goes elsewhere may leave the page, and this editor. */
  hurry() {
    if (this.sent && this.sent.seq !== this.seq) this.#sendAgain();
  }

  /** Say no more. Returns the draft that was never answered, for another to send, or null. */
  end() {
    clearTimeout(this.#late);
    clearTimeout(this.#slow);
    const unanswered = this.base !== null && this.isWaiting ? this.#draft() : null;
    this.base = null;
    return unanswered;
  }

  #sendAgain() {
    clearTimeout(this.#late);
    this.sent = null;
    this.sendNewest();
  }

  /** Ask for the analysis of what is edited, unless it is known or another one is asked for. */
  async #analyze() {
    const { base, seq, input } = this;
    const { stack } = this.read();
    if (base === null || this.#isAsking || stack === this.known || stack === this.#failed) return;
    this.#isAsking = true;
    this.#beSlowSoon();
    const analysis = await this.ask(stack, input).catch(() => null);
    this.#isAsking = false;
    const isOfToday = base === this.base && String(input) === String(this.input);
    if (isOfToday && !analysis) this.#failed = stack;
    if (isOfToday && analysis && seq > this.#analyzed) {
      this.#know(stack, seq);
      if (stack === this.read().stack) this.#beQuick();
      this.show(analysis);
    }
    if (this.#failed === this.read().stack) this.#askWithDraft();
    else this.#analyze(); // what was edited meanwhile
  }

  /** Have the next answer bring the analysis. */
  #askWithDraft() {
    this.seq += 1;
    this.sendNewest();
  }

  #beSlowSoon() {
    if (this.isSlow) return;
    clearTimeout(this.#slow);
    this.#slow = setTimeout(() => {
      this.isSlow = true;
      this.draw();
    }, ANSWER_SLOW);
  }

  #beQuick() {
    clearTimeout(this.#slow);
    this.isSlow = false;
  }

  /**
   * @param {Stack} stack
   * @param {number} seq
   */
  #know(stack, seq) {
    this.known = stack;
    this.#analyzed = seq;
  }

  // Python takes what an editor before this one said for this one's word: unsay it, and the answer
  // holds the layers.
  #askForLayers() {
    clearTimeout(this.#late);
    this.#late = setTimeout(() => this.#askForLayers(), ANSWER_LATE);
    this.send(null);
  }

  /** @returns {Draft} */
  #draft() {
    const { stack, selected, work } = this.read();
    const asked = stack === this.#failed ? null : this.input;
    const base = /** @type {number} */ (this.base);
    return { base, seq: this.seq, work, asked, stack, selected };
  }
}
