// What an editor and Python say to each other about one stack.
//
// The browser owns the draft. Every edit is shown at once and the whole draft is sent, numbered by
// `seq`; Python answers with the page drawn anew and that `seq` as acknowledgement. One draft is on
// its way at a time: what is typed meanwhile goes, all together, when the answer comes. `base`
// changes only when Python puts another stack in place; then, and to an editor that has none yet,
// it sends the layers too.
//
// What the layers do is asked for beside this: see analyses.js.

import { ANSWER_LATE, Analyses } from "./analyses.js";

/** @import { Analysis, Answer, Draft, Question, Snapshot, Stack } from "./types.js" */

export class Conversation {
  /** @type {number | null} of the stack that is edited; null before there is one */
  base = null;
  /** Of the newest draft. */
  seq = 0;
  /** Of the newest draft that was answered. */
  answered = 0;
  /** @type {Draft | null} the one on its way */
  sent = null;
  /** @type {number[]} the images' shape, of `#work` */
  #input = [];
  #work = 0;
  /** @type {Map<number, {stack: Stack, work: number}>} what Python was sent or has sent, by seq */
  #said = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #late;

  /**
   * @param {object} editor
   * @param {() => Snapshot} editor.read  what is edited, as it is now
   * @param {(draft: Draft | null) => void} editor.send
   * @param {(question: Question) => Promise<Analysis | null>} editor.ask  for an analysis
   * @param {(analysis: Analysis) => void} editor.take  what is drawn next shows it
   * @param {() => void} editor.draw
   */
  constructor({ read, send, ask, take, draw }) {
    this.read = read;
    this.send = send;
    this.analyses = new Analyses({
      read: () => this.#question(),
      ask,
      askWithDraft: () => this.sendNewest(),
      take,
      draw,
    });
  }

  /**
   * Hear an answer. Once its layers are in place, where they are to be, `goOn`.
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
      this.#said = new Map([[answer.seq, answer.whole]]);
      this.analyses.forget();
    }
    this.answered = answer.seq;
    this.#input = answer.input;
    if (this.sent && answer.seq >= this.sent.seq) {
      clearTimeout(this.#late);
      this.sent = null;
    }
    this.#learn(answer);
    return replaced ? "replaced" : "answered";
  }

  /** Say what is still to be said, and ask what is still to be asked. */
  goOn() {
    if (this.isWaiting) this.sendNewest();
    this.analyses.follow();
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

  /** Tell of what was edited: now, or with the answer to the draft that is on its way. */
  submit() {
    this.seq += 1;
    this.analyses.follow();
    this.sendNewest();
  }

  /** Send the newest draft, unless one is on its way: the answer to that one will send it. */
  sendNewest() {
    if (this.sent || this.base === null) return;
    const draft = this.#draft();
    this.sent = draft;
    this.#said.set(draft.seq, draft);
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
    this.analyses.end();
    return this.base !== null && this.isWaiting ? this.#draft() : null;
  }

  #sendAgain() {
    clearTimeout(this.#late);
    this.sent = null;
    this.sendNewest();
  }

  /**
   * Learn what an answer tells of the layers that it is about.
   *
   * @param {Answer} answer
   */
  #learn({ seq, input, analysis, refusal, whole }) {
    const about = this.#said.get(seq);
    for (const older of this.#said.keys()) if (older < seq) this.#said.delete(older);
    if (!about || this.base === null) return;
    // With the layers, a refusal is of a draft that came before them.
    const isRefused = refusal !== null && about !== whole;
    this.analyses.refuse(isRefused ? about.stack : null);
    if (isRefused) return;
    this.#work = about.work;
    if (analysis) this.analyses.adopt({ base: this.base, stack: about.stack, input }, analysis);
  }

  // Python takes what an editor before this one said for this one's word: unsay it, and the answer
  // holds the layers.
  #askForLayers() {
    clearTimeout(this.#late);
    this.#late = setTimeout(() => this.#askForLayers(), ANSWER_LATE);
    this.send(null);
  }

  /** @returns {Question | null} null where undo led to other work, whose images are not known */
  #question() {
    const { stack, work } = this.read();
    if (this.base === null || work !== this.#work) return null;
    return { base: this.base, stack, input: this.#input };
  }

  /** @returns {Draft} */
  #draft() {
    const { stack, selected, work } = this.read();
    const base = /** @type {number} */ (this.base);
    return { base, seq: this.seq, work, asked: !this.analyses.needsDraft, stack, selected };
  }
}
