// What the editor and Python say to each other, also where answers are late, lost or out of order.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import {
  ANSWER_LATE,
  ANSWER_SLOW,
  Conversation,
} from "../../explorer/ui/components/stack_editor/protocol.js";

/** @import * as Types from "../../explorer/ui/components/stack_editor/types.js" */
/** @typedef {Types.Analysis} Analysis */
/** @typedef {Types.Answer} Answer */
/** @typedef {Types.Draft} Draft */
/** @typedef {Types.Layer} Layer */

/**
 * A question for an analysis, and what comes of it.
 *
 * @typedef {object} Question
 * @property {Types.Stack} stack
 * @property {number[]} input
 * @property {(found: Analysis) => Promise<void>} come
 * @property {() => Promise<void>} fail
 */

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

/**
 * An editor of which only the conversation is there.
 *
 * @param {Answer | null} first
 */
function begin(first = answer(0, 0, layers("a"))) {
  /** @type {(Draft | null)[]} */
  const sent = [];
  const editor = { stack: first?.whole?.stack ?? layers("a"), selected: null, work: 7 };
  let drawn = 0;
  /** @type {Question[]} */
  const asked = [];
  /** @type {Analysis[]} */
  const shown = [];
  const conversation = new Conversation({
    read: () => editor,
    send: (draft) => sent.push(draft),
    ask: (stack, input) =>
      new Promise((resolve, reject) => {
        asked.push({
          stack,
          input,
          come: (found) => (resolve(found), settled()),
          fail: () => (reject(new Error("not reached")), settled()),
        });
      }),
    show: (found) => shown.push(found),
    draw: () => (drawn += 1),
  });
  if (first) assert.equal(conversation.hear(first), "replaced");
  /** @param {string} uids */
  const edit = (uids) => {
    editor.stack = layers(uids);
    conversation.submit();
  };
  /** @param {Answer} heard */
  const hear = (heard) => {
    const what = conversation.hear(heard);
    if (what === "replaced" && heard.whole) editor.stack = heard.whole.stack;
    if (conversation.isWaiting) conversation.sendNewest();
    return what;
  };
  return { editor, conversation, sent, asked, shown, edit, hear, drawn: () => drawn };
}

/** After all that waits for what came has gone on. */
const settled = () => new Promise((resolve) => setImmediate(() => resolve(undefined)));

/**
 * An analysis of a stack of which only the first layer's parameters matter.
 *
 * @param {number} params
 * @returns {Analysis}
 */
function analysis(params) {
  return { rows: [["a", [1], [1], params]], problem: null, hints: [] };
}

/** @param {string} uids */
function layers(uids) {
  return [...uids].map((uid) => /** @type {Layer} */ ({ uid, kind: "ReLU" }));
}

/**
 * @param {number} base
 * @param {number} seq
 * @param {Layer[] | null} stack
 * @param {Answer["refusal"]} refusal
 * @returns {Answer}
 */
function answer(base, seq, stack = null, refusal = null) {
  const whole = stack && { stack, work: 7 };
  const rest = { key: "k", selected: null, described: null, input: [1, 28, 28], classes: 10 };
  const found = whole || refusal ? analysis(0) : null;
  return { ...rest, base, seq, whole, analysis: found, refusal };
}

/**
 * The same, where the answer brings the analysis.
 *
 * @param {Answer} heard
 * @param {number} params
 * @returns {Answer}
 */
const bringing = (heard, params = 0) => ({ ...heard, analysis: analysis(params) });

/** @param {(Draft | null)[]} sent */
const seqs = (sent) => sent.map((draft) => draft && draft.seq);

test("an edit is sent whole, with what it belongs to", () => {
  const { sent, edit } = begin();
  edit("ab");
  const asked = [1, 28, 28];
  const rest = { base: 0, seq: 1, work: 7, asked, selected: null };
  assert.deepEqual(sent, [{ ...rest, stack: layers("ab") }]);
});

test("one draft is on its way; what is typed meanwhile goes at once with its answer", () => {
  const { sent, edit, hear, conversation } = begin();
  for (const uids of ["ab", "abc", "abcd"]) edit(uids);
  assert.deepEqual(seqs(sent), [1]);
  hear(bringing(answer(0, 1)));
  assert.deepEqual(seqs(sent), [1, 3]);
  assert.deepEqual(conversation.known, layers("ab")); // the numbers are of what was answered
  assert.ok(conversation.isWaiting);
  hear(bringing(answer(0, 3)));
  assert.ok(!conversation.isWaiting);
  assert.deepEqual(conversation.known, layers("abcd"));
});

test("an answer to an older draft is no answer to the one on its way", () => {
  const { sent, edit, hear, conversation } = begin();
  edit("ab");
  hear(answer(0, 0)); // drawn before Python heard of the edit
  assert.deepEqual(seqs(sent), [1]);
  assert.equal(conversation.sent?.seq, 1);
  assert.deepEqual(conversation.known, layers("a"));
});

test("a lost draft is sent again, as it is by then", () => {
  const { sent, edit } = begin();
  edit("ab");
  edit("abc");
  mock.timers.tick(ANSWER_LATE);
  assert.deepEqual(seqs(sent), [1, 2]);
  assert.deepEqual(sent[1]?.stack, layers("abc"));
});

test("what was answered is not sent again", () => {
  const { sent, edit, hear } = begin();
  edit("ab");
  hear(answer(0, 1));
  mock.timers.tick(2 * ANSWER_LATE);
  assert.deepEqual(seqs(sent), [1]);
});

test("the page is drawn as waiting once an analysis takes long, and no more with it", async () => {
  const { asked, edit, hear, conversation, drawn } = begin();
  edit("ab");
  mock.timers.tick(ANSWER_SLOW - 1);
  assert.ok(!conversation.isSlow);
  mock.timers.tick(1);
  assert.ok(conversation.isSlow);
  assert.equal(drawn(), 1);
  hear(answer(0, 1)); // the page is drawn, without the analysis
  assert.ok(conversation.isSlow);
  await asked[0].come(analysis(1));
  assert.ok(!conversation.isSlow);
  edit("abc");
  mock.timers.tick(ANSWER_SLOW);
  assert.ok(conversation.isSlow);
  hear(bringing(answer(0, 2)));
  assert.ok(!conversation.isSlow);
});

test("an analysis is asked for with the edit, and shown when it comes", async () => {
  const { asked, shown, edit, hear, conversation } = begin();
  edit("ab");
  assert.deepEqual([asked[0].stack, asked[0].input], [layers("ab"), [1, 28, 28]]);
  await asked[0].come(analysis(1));
  assert.deepEqual(shown, [analysis(1)]);
  assert.deepEqual(conversation.known, layers("ab"));
  hear(answer(0, 1));
  assert.deepEqual(conversation.known, layers("ab"));
});

test("one analysis is asked for at a time; of what is typed meanwhile only the newest", async () => {
  const { asked, shown, edit, conversation } = begin();
  for (const uids of ["ab", "abc", "abcd"]) edit(uids);
  assert.equal(asked.length, 1);
  await asked[0].come(analysis(1));
  assert.deepEqual(conversation.known, layers("ab"));
  assert.deepEqual(
    asked.map(({ stack }) => stack),
    [layers("ab"), layers("abcd")],
  );
  await asked[1].come(analysis(2));
  assert.deepEqual(shown, [analysis(1), analysis(2)]);
  assert.equal(asked.length, 2);
});

test("a selection alone asks for no analysis", async () => {
  const { asked, editor, conversation, edit } = begin();
  conversation.submit();
  assert.equal(asked.length, 0);
  edit("ab");
  await asked[0].come(analysis(1));
  editor.work = 8;
  conversation.submit();
  assert.equal(asked.length, 1);
});

test("where asking fails, the draft is sent again and its answer brings the analysis", async () => {
  const { asked, sent, shown, edit, hear, conversation } = begin();
  edit("ab");
  await asked[0].fail();
  assert.deepEqual(seqs(sent), [1]); // one draft is on its way at a time
  hear(answer(0, 1));
  assert.deepEqual(seqs(sent), [1, 2]);
  assert.deepEqual([sent[0]?.asked, sent[1]?.asked], [[1, 28, 28], null]);
  const brought = bringing(answer(0, 2), 3);
  hear(brought);
  assert.ok(conversation.brings(brought));
  assert.deepEqual(conversation.known, layers("ab"));
  assert.deepEqual(seqs(sent), [1, 2]);
  assert.equal(asked.length, 1);
  edit("abc"); // and the next one is asked for again
  assert.equal(asked.length, 2);
  assert.deepEqual(sent[2]?.asked, [1, 28, 28]);
  assert.deepEqual(shown, []);
});

test("an analysis that an answer brought is not asked away by an older one", async () => {
  const { asked, shown, edit, hear, conversation } = begin();
  edit("ab");
  hear(bringing(answer(0, 1), 5));
  await asked[0].come(analysis(1));
  assert.deepEqual(shown, []);
  edit("abc");
  await asked[1].come(analysis(2));
  const late = bringing(answer(0, 1), 5);
  conversation.hear(late);
  assert.ok(!conversation.brings(late));
  assert.deepEqual(conversation.known, layers("abc"));
});

test("an analysis for other images than there are now is asked for again", async () => {
  const { asked, shown, edit, hear } = begin();
  edit("ab");
  edit("abc"); // sent with the next answer
  hear({ ...answer(0, 1), input: [3, 32, 32] });
  await asked[0].come(analysis(1));
  assert.deepEqual(shown, []);
  assert.deepEqual([asked[1].stack, asked[1].input], [layers("abc"), [3, 32, 32]]);
});

test("an analysis of work that was replaced is none of the next, which asks for its own", async () => {
  const { asked, shown, edit, hear, conversation } = begin();
  edit("ab");
  hear(answer(1, 1, layers("xyz")));
  edit("xy");
  assert.equal(asked.length, 1);
  await asked[0].come(analysis(1));
  assert.deepEqual(shown, []);
  assert.deepEqual(asked[1].stack, layers("xy"));
  await asked[1].come(analysis(2));
  assert.deepEqual(conversation.known, layers("xy"));
});

test("an editor that has ended hears of no analysis and asks for none", async () => {
  const { asked, shown, edit, conversation } = begin();
  edit("ab");
  edit("abc");
  conversation.end();
  await asked[0].come(analysis(1));
  assert.deepEqual(shown, []);
  assert.equal(asked.length, 1);
});

test("work that was replaced is forgotten, with the draft that was on its way", () => {
  const { sent, edit, hear, conversation } = begin();
  edit("ab");
  assert.equal(hear(answer(1, 1, layers("xyz"))), "replaced");
  assert.deepEqual(conversation.known, layers("xyz"));
  assert.equal(conversation.sent, null);
  mock.timers.tick(2 * ANSWER_LATE);
  assert.deepEqual(seqs(sent), [1]);
  edit("xy");
  assert.deepEqual([sent[1]?.base, sent[1]?.seq], [1, 2]);
});

test("an answer that comes with layers of the same base leaves what is edited", () => {
  const { edit, hear, conversation } = begin();
  edit("ab");
  assert.equal(hear(answer(0, 0, layers("a"))), "answered");
  assert.equal(conversation.sent?.seq, 1);
});

test("an editor that has no layers asks for them by unsaying the draft before it", () => {
  const { sent, hear, conversation } = begin(null);
  assert.equal(hear(answer(3, 8)), "unknown");
  assert.deepEqual(sent, [null]);
  mock.timers.tick(ANSWER_LATE); // lost
  assert.deepEqual(sent, [null, null]);
  assert.equal(hear(answer(3, 8, layers("ab"))), "replaced");
  mock.timers.tick(2 * ANSWER_LATE);
  assert.deepEqual(sent, [null, null]);
  assert.equal(conversation.end(), null);
});

test("a refused draft keeps the numbers where they were", async () => {
  const { asked, sent, edit, hear, conversation } = begin();
  edit("ab");
  await asked[0].fail(); // that is refused too
  hear(answer(0, 1, null, { index: 1, message: "unknown kind" }));
  const refusal = answer(0, 2, null, { index: 1, message: "unknown kind" });
  hear(refusal);
  assert.ok(conversation.isRefused(refusal));
  assert.ok(conversation.brings(refusal)); // of the layers that were accepted last
  assert.deepEqual(conversation.known, layers("a"));
  mock.timers.tick(2 * ANSWER_LATE);
  assert.deepEqual([seqs(sent), asked.length], [[1, 2], 1]);
  edit("abc");
  assert.ok(!conversation.isRefused(refusal)); // it is about a draft before this one
});

test("who goes elsewhere has the newest draft sent at once, and once", () => {
  const { sent, edit, conversation } = begin();
  edit("ab");
  conversation.hurry(); // it is on its way already
  edit("abc");
  conversation.hurry();
  conversation.hurry();
  assert.deepEqual(seqs(sent), [1, 2]);
});

test("an editor that ends gives away the draft that was never answered", () => {
  const { sent, edit, conversation } = begin();
  edit("ab");
  edit("abc");
  assert.deepEqual(conversation.end()?.stack, layers("abc"));
  mock.timers.tick(2 * ANSWER_LATE);
  assert.deepEqual(seqs(sent), [1]); // by itself it says no more
});

test("an editor that ends with all answered gives away nothing", () => {
  const { edit, hear, conversation } = begin();
  edit("ab");
  hear(answer(0, 1));
  assert.equal(conversation.end(), null);
});
