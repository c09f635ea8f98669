// What an editor and Python say to each other about one stack.
//
// The browser owns the draft. Every edit is shown at once and the whole draft is sent, numbered by
// `seq`; Python answers with the numbers of each row and that `seq` as acknowledgement. One message
// is on its way at a time: what is typed meanwhile goes, all together, when the answer comes.
// `base` changes only when Python puts another stack in place; then, and to an editor that has none
// yet, it sends the layers too.

/** @import { Answer, Draft, Snapshot, Stack } from "./types.js" */

// Milliseconds after which the numbers that an answer will change are dimmed.
export const ANSWER_SLOW = 150;
// Milliseconds after which a message counts as lost, after a cut connection say.
export const ANSWER_LATE = 4000;

export class Conversation {
  /** @type {number | null} of the stack that is edited; null before there is one */
  base = null;
  /** Of the newest draft. */
  seq = 0;
  /** Of the newest draft that was answered. */
  answered = 0;
  /** @type {{seq: number, stack: Stack} | null} the draft on its way */
  sent = null;
  /** @type {Stack} the stack that Python's numbers belong to */
  known = [];
  /** Does Python take long to answer? */
  isSlow = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #late;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #slow;

  /**
   * @param {object} editor
   * @param {() => Snapshot} editor.read  what is edited, as it is now
   * @param {(draft: Draft | null) => void} editor.send
   * @param {() => void} editor.draw  shows that the answer takes long
   */
  constructor({ read, send, draw }) {
    this.read = read;
    this.send = send;
    this.draw = draw;
  }

  /**
   * Hear an answer.
   *
   * @param {Answer} answer
   * @returns {"replaced" | "answered" | "unknown"} "replaced": the answer's layers are to be put
   *   in place; "unknown": it
   *   speaks of layers that this editor has not got, and they have been asked for
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
    }
    this.answered = answer.seq;
    if (this.sent && answer.seq >= this.sent.seq) {
      clearTimeout(this.#late);
      if (!answer.refusal) this.known = this.sent.stack;
      this.sent = null;
    }
    if (answer.seq >= this.seq) {
      clearTimeout(this.#slow);
      this.isSlow = false;
    }
    return replaced ? "replaced" : "answered";
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

  /** Send what was edited: now, or with the answer to the draft that is on its way. */
  submit() {
    this.seq += 1;
    this.sendNewest();
  }

  /** Send the newest draft, unless one is on its way: the answer to that one will send it. */
  sendNewest() {
    if (this.sent || this.base === null) return;
    if (!this.isSlow) {
      clearTimeout(this.#slow);
      this.#slow = setTimeout(() => {
        this.isSlow = true;
        this.draw();
      }, ANSWER_SLOW);
    }
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
    return this.base !== null && this.isWaiting ? this.#draft() : null;
  }

  #sendAgain() {
    clearTimeout(this.#late);
    this.sent = null;
    this.sendNewest();
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
    return { base: /** @type {number} */ (this.base), seq: this.seq, work, stack, selected };
  }
}
