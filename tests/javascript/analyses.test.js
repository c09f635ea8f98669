// That the analysis on the page is that of what is edited, in whatever order answers come, fail or
// are lost.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import {
  ANSWER_LATE,
  ANSWER_SLOW,
  ASK_AGAIN,
} from "../../explorer/ui/components/stack_editor/analyses.js";
import { Conversation } from "../../explorer/ui/components/stack_editor/protocol.js";

/** @import * as Types from "../../explorer/ui/components/stack_editor/types.js" */
/** @typedef {Types.Analysis} Analysis */
/** @typedef {Types.Answer} Answer */
/** @typedef {Types.Draft} Draft */
/** @typedef {Types.Layer} Layer */
/** @typedef {Types.Stack} Stack */

/**
 * A question at the address, and what may come of it.
 *
 * @typedef {object} Asked
 * @property {Types.Question} question
 * @property {(found: Analysis | null) => void} come
 * @property {() => void} fail
 */

const DIGITS = [1, 28, 28];
const COLOUR = [3, 32, 32];

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

/** After all that waits for what came has gone on. */
const settled = () => new Promise((resolve) => setImmediate(() => resolve(undefined)));

/** @param {string} uids */
function layers(uids) {
  return [...uids].map((uid) => /** @type {Layer} */ ({ uid, kind: "ReLU" }));
}

/**
 * The analysis of these layers on these images: here it only tells which.
 *
 * @param {Stack} stack
 * @param {number[]} input
 * @returns {Analysis}
 */
function analysisOf(stack, input) {
  return { rows: stack.map(({ uid }) => [uid, input, [1, 1], 0]), problem: null, hints: [] };
}

/** An editor, and a Python and a wire between them that do nothing by themselves. */
class Room {
  /** What Python holds. */
  python = { base: 0, seq: 0, stack: /** @type {Stack} */ (layers("a")), input: DIGITS, work: 0 };
  /** @type {Draft | null} what the session holds of the browser */
  state = null;
  /** @type {Record<number, number[]>} the images of each work that is not shown */
  images = {};
  /** @type {(() => void)[]} what Python is to be told */
  up = [];
  /** @type {Answer[]} what the editor is to be told */
  down = [];
  /** @type {Asked[]} */
  asked = [];
  /** @type {Draft[]} */
  sent = [];
  editor = { stack: /** @type {Stack} */ ([]), selected: null, work: 0 };
  /** @type {Analysis | null} */
  shown = null;
  drawn = 0;
  /** @type {(stack: Stack) => boolean} */
  refuses = () => false;

  /** @param {Answer["refusal"]} refusal  of a draft of the editor before this one */
  constructor(refusal = null) {
    this.conversation = new Conversation({
      read: () => this.editor,
      send: (draft) => this.#send(draft),
      ask: (question) =>
        new Promise((come, reject) => {
          this.asked.push({ question, come, fail: () => reject(new Error("not reached")) });
        }),
      take: (found) => (this.shown = found),
      draw: () => (this.drawn += 1),
    });
    this.down.push(this.#answer(refusal));
    this.receive();
  }

  get analyses() {
    return this.conversation.analyses;
  }

  /** @param {Draft | null} draft */
  #send(draft) {
    if (draft) this.sent.push(draft);
    this.up.push(() => (this.state = draft));
  }

  /** @param {Answer["refusal"]} refusal */
  #answer(refusal) {
    const { base, seq, stack, input, work } = this.python;
    const isHeld = this.state?.base === base && this.state.seq === seq;
    const isAsked = isHeld && this.state?.asked;
    return /** @type {Answer} */ ({
      key: "k",
      ...{ base, seq, input, refusal, selected: null, described: null, classes: 10 },
      whole: isHeld ? null : { stack: [...stack], work },
      analysis: isAsked ? null : analysisOf(stack, input),
    });
  }

  /**
   * Python runs the page for what was said next.
   *
   * @param {boolean} isLost  is nothing heard of it?
   */
  serve(isLost = false) {
    this.up.shift()?.();
    const { python, state } = this;
    let refusal = null;
    if (state && state.base === python.base && state.seq > python.seq) {
      python.seq = state.seq;
      if (this.refuses(state.stack)) refusal = { index: 0, message: "no" };
      else {
        python.stack = state.stack;
        this.#switchTo(state.work);
      }
    }
    if (!isLost) this.down.push(this.#answer(refusal));
  }

  /** @param {number} work */
  #switchTo(work) {
    const { python, images } = this;
    if (work === python.work) return;
    images[python.work] = python.input;
    python.input = images[work] ?? python.input;
    python.work = work;
  }

  receive() {
    const answer = this.down.shift();
    if (!answer) return;
    const heard = this.conversation.hear(answer);
    if (heard === "unknown") return;
    if (heard === "replaced" && answer.whole) Object.assign(this.editor, answer.whole);
    this.conversation.goOn();
  }

  /** @param {string} uids */
  edit(uids) {
    this.undo(layers(uids), this.editor.work);
  }

  /**
   * @param {Stack} stack
   * @param {number} work
   */
  undo(stack, work) {
    Object.assign(this.editor, { stack, work });
    this.conversation.submit();
  }

  /** @param {number[]} input */
  chooseImages(input) {
    this.up.push(() => (this.python.input = input));
  }

  /** @param {string} uids */
  replace(uids) {
    this.up.push(() => {
      Object.assign(this.python, { base: this.python.base + 1, stack: layers(uids) });
    });
  }

  /**
   * @param {string} uids
   * @param {number[]} input
   */
  openOther(uids, input) {
    this.up.push(() => {
      const { python } = this;
      this.#switchTo(Math.max(python.work, ...Object.keys(this.images).map(Number)) + 1);
      Object.assign(python, { base: python.base + 1, stack: layers(uids), input });
    });
  }

  /** The next question is answered at the address, or not. */
  async come(fails = false) {
    const next = this.asked.shift();
    if (!next) return;
    const { stack, input } = next.question;
    if (fails) next.fail();
    else next.come(this.refuses(stack) ? null : analysisOf(stack, input));
    await settled();
  }

  /** All that is under way arrives. */
  async rest() {
    for (let i = 0; i < 50 && (this.up.length || this.down.length || this.asked.length); i += 1) {
      while (this.up.length) this.serve();
      while (this.down.length) this.receive();
      await this.come();
    }
  }

  /** The page shows the analysis of what is edited, on the images that there are. */
  assertRight(what = "") {
    const right = analysisOf(this.editor.stack, this.python.input);
    assert.deepEqual(this.shown, right, what);
    assert.equal(this.analyses.known, this.editor.stack, what);
    assert.ok(!this.analyses.isSlow, `${what}: it is dimmed`);
    const waiting = [this.up.length, this.down.length, this.asked.length];
    assert.deepEqual([...waiting, this.conversation.isWaiting], [0, 0, 0, false], what);
  }
}

test("an analysis is asked for with the edit, and shown before the page has heard of it", async () => {
  const room = new Room();
  room.edit("ab");
  assert.deepEqual(room.asked[0].question, { base: 0, stack: layers("ab"), input: DIGITS });
  await room.come();
  assert.deepEqual(room.shown, analysisOf(layers("ab"), DIGITS));
  assert.deepEqual([room.up.length, room.drawn], [1, 1]);
  await room.rest();
  room.assertRight();
});

test("one analysis is asked for at a time; of what is typed meanwhile only the newest", async () => {
  const room = new Room();
  for (const uids of ["ab", "abc", "abcd"]) room.edit(uids);
  assert.equal(room.asked.length, 1);
  await room.come();
  assert.deepEqual(room.analyses.known, layers("ab"));
  assert.deepEqual(room.asked[0].question.stack, layers("abcd"));
  await room.rest();
  room.assertRight();
});

test("a stack that Python puts in place comes with its analysis", async () => {
  const room = new Room();
  room.edit("ab");
  await room.rest();
  room.replace("abc");
  room.serve();
  room.receive();
  assert.equal(room.asked.length, 0);
  room.assertRight();
});

test("a selection alone asks for no analysis", async () => {
  const room = new Room();
  room.conversation.submit();
  assert.equal(room.asked.length, 0);
  await room.rest();
  room.assertRight();
});

test("numbers are dimmed once their analysis takes long, and no more when it is there", async () => {
  const room = new Room();
  room.edit("ab");
  mock.timers.tick(ANSWER_SLOW - 1);
  assert.ok(!room.analyses.isSlow);
  mock.timers.tick(1);
  assert.deepEqual([room.analyses.isSlow, room.drawn], [true, 1]);
  room.serve();
  room.receive(); // the page, without the analysis
  assert.ok(room.analyses.isSlow);
  await room.come();
  assert.deepEqual([room.analyses.isSlow, room.drawn], [false, 2]);
});

test("where the address fails the draft's answer brings the analysis, then and for a while", async () => {
  const room = new Room();
  room.edit("ab");
  await room.come(true);
  assert.deepEqual(
    room.sent.map(({ asked }) => asked),
    [true], // one draft is on its way at a time
  );
  await room.rest();
  room.assertRight();
  assert.deepEqual(
    room.sent.map(({ asked }) => asked),
    [true, false],
  );
  room.edit("abc");
  assert.equal(room.asked.length, 0);
  await room.rest();
  room.assertRight();
  assert.equal(room.sent.length, 3); // one run of the page for an edit
  room.chooseImages(COLOUR);
  await room.rest();
  room.assertRight();
  mock.timers.tick(ASK_AGAIN);
  room.edit("abcd");
  assert.deepEqual([room.asked.length, room.sent.at(-1)?.asked], [1, true]);
  await room.rest();
  room.assertRight();
});

test("layers that Python refuses are asked for once each way, and keep the numbers", async () => {
  const room = new Room();
  room.edit("ab");
  await room.rest();
  room.refuses = (stack) => stack.length > 2;
  room.edit("abc");
  mock.timers.tick(ANSWER_SLOW);
  await room.rest();
  mock.timers.tick(2 * ANSWER_LATE);
  await room.rest();
  assert.deepEqual(room.shown, analysisOf(layers("ab"), DIGITS));
  assert.ok(!room.analyses.isSlow);
  assert.ok(room.sent.length <= 3);
  room.edit("a");
  await room.rest();
  room.assertRight();
});

test("a refusal from before is none of the layers that a new editor gets", async () => {
  const room = new Room({ index: 0, message: "no" });
  room.assertRight();
  const { stack, work } = room.editor;
  room.edit("ab");
  await room.rest();
  room.undo(stack, work);
  await room.rest();
  room.assertRight();
});

test("layers that are refused once and accepted then are asked for", async () => {
  const room = new Room();
  room.refuses = () => true;
  room.edit("ab");
  await room.rest();
  room.refuses = () => false;
  room.conversation.submit();
  await room.rest();
  room.chooseImages(COLOUR);
  await room.rest();
  room.assertRight();
});

test("an editor that has ended hears of no analysis and asks for none", async () => {
  const room = new Room();
  room.edit("ab");
  room.edit("abc");
  const before = room.shown;
  room.conversation.end();
  await room.come();
  mock.timers.tick(ASK_AGAIN);
  assert.deepEqual([room.shown, room.asked.length, room.drawn], [before, 0, 0]);
});

/** @type {[string, (room: Room) => Promise<void>][]} */
const ORDERS = [
  [
    "images are changed there and back",
    async (room) => {
      room.edit("ab");
      await room.rest();
      for (const input of [COLOUR, DIGITS]) {
        room.chooseImages(input);
        await room.rest();
        room.assertRight();
      }
    },
  ],
  [
    "two keys between the images and their page",
    async (room) => {
      room.chooseImages(COLOUR);
      room.edit("ab");
      room.edit("abc");
      await room.come();
      await room.come();
    },
  ],
  [
    "images are changed while an analysis is asked for",
    async (room) => {
      room.edit("ab");
      room.chooseImages(COLOUR);
      room.serve();
      room.serve();
      room.receive();
      room.receive();
      await room.come();
      assert.deepEqual(room.shown, analysisOf(layers("a"), DIGITS)); // not ab on the old images
    },
  ],
  [
    "undo to other work, which has other images",
    async (room) => {
      const { stack, work } = room.editor;
      room.openOther("xy", COLOUR);
      await room.rest();
      room.edit("xyz");
      room.undo(stack, work);
      assert.equal(room.asked[0].question.stack.length, 3); // that of xyz
      await room.come();
      assert.equal(room.asked.length, 0); // its images are not known yet
    },
  ],
  [
    "an analysis fails, and is undone before the page brings it",
    async (room) => {
      const { stack, work } = room.editor;
      room.edit("ab");
      await room.come(true);
      room.conversation.submit();
      room.conversation.hurry();
      room.undo(stack, work);
      while (room.up.length) room.serve();
      while (room.down.length) {
        room.receive();
        assert.deepEqual(room.shown, analysisOf(stack, DIGITS));
      }
    },
  ],
  [
    "the page brings an analysis of layers that are no longer edited",
    async (room) => {
      const { stack, work } = room.editor;
      room.edit("ab");
      room.serve();
      room.receive();
      room.chooseImages(COLOUR);
      room.serve();
      room.receive();
      room.undo(stack, work);
      await room.come();
    },
  ],
  [
    "a slow analysis fails after its edit was undone",
    async (room) => {
      const { stack, work } = room.editor;
      room.edit("ab");
      mock.timers.tick(ANSWER_SLOW);
      room.undo(stack, work);
      await room.come(true);
    },
  ],
  [
    "another stack is put in place while an analysis is asked for",
    async (room) => {
      room.edit("ab");
      room.openOther("xyz", DIGITS);
      room.serve();
      room.serve();
      room.receive();
      room.receive();
      room.edit("xy");
      assert.equal(room.asked.length, 1);
      await room.come();
      assert.deepEqual(room.asked[0].question.stack, layers("xy"));
    },
  ],
];

for (const [name, make] of ORDERS) {
  test(`in the end the numbers are right: ${name}`, async () => {
    const room = new Room();
    await make(room);
    await room.rest();
    mock.timers.tick(ANSWER_LATE);
    await room.rest();
    room.assertRight(name);
  });
}

/**
 * Numbers from 0 to 1 that follow from a seed (mulberry32).
 *
 * @param {number} seed
 */
function makeChance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("in the end the numbers are right, whatever happens in whatever order", async () => {
  for (let seed = 0; seed < 2_000; seed += 1) {
    const chance = makeChance(seed);
    const room = new Room();
    /** @type {string[]} */
    const done = [];
    /** @type {{stack: Stack, work: number}[]} */
    const past = [];
    const keep = () => past.push({ stack: room.editor.stack, work: room.editor.work });
    const undo = (/** @type {typeof past[0] | undefined} */ then) =>
      then && room.undo(then.stack, then.work);
    const some = (/** @type {string} */ letters) => {
      const from = Math.floor(chance() * letters.length);
      return letters.slice(from) + letters.slice(0, Math.ceil(chance() * from));
    };
    /** @type {[number, string, () => unknown][]} */
    const happenings = [
      [6, "edit", () => (keep(), room.edit(some("abcdef")))],
      [3, "undo", () => undo(past.pop())],
      [2, "select", () => room.conversation.submit()],
      [2, "images", () => room.chooseImages(chance() < 0.5 ? DIGITS : COLOUR)],
      [1, "open", () => (keep(), room.openOther(some("pqr"), chance() < 0.5 ? DIGITS : COLOUR))],
      [1, "replace", () => (keep(), room.replace(some("abcdef")))],
      [5, "serve", () => room.up.length && room.serve()],
      [1, "serve, unheard", () => room.up.length > 1 && room.serve(true)],
      [5, "receive", () => room.receive()],
      [4, "come", () => room.come()],
      [1, "fail", () => room.come(true)],
      [1, "wait", () => mock.timers.tick(ANSWER_SLOW)],
      [1, "wait long", () => mock.timers.tick(ANSWER_LATE)],
      [1, "leave it no longer alone", () => mock.timers.tick(ASK_AGAIN)],
      [1, "hurry", () => room.conversation.hurry()],
    ];
    const total = happenings.reduce((sum, [weight]) => sum + weight, 0);
    for (let step = 0; step < 4 + 25 * chance(); step += 1) {
      let left = chance() * total;
      const [, name, happen] = /** @type {typeof happenings[0]} */ (
        happenings.find(([weight]) => (left -= weight) < 0)
      );
      done.push(name);
      await happen();
    }
    for (let i = 0; i < 3; i += 1) {
      await room.rest();
      mock.timers.tick(ANSWER_LATE);
    }
    await room.rest();
    room.assertRight(`seed ${seed}: ${done.join(", ")}`);
    room.conversation.end();
  }
});
