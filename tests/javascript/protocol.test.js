// What the editor and Python say to each other, also where answers are late, lost or out of order.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { ANSWER_LATE } from "../../explorer/ui/components/stack_editor/analyses.js";
import { Conversation } from "../../explorer/ui/components/stack_editor/protocol.js";

/** @import { Answer, Draft, Layer } from "../../explorer/ui/components/stack_editor/types.js" */

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
  const editor = { stack: first?.whole?.stack ?? [], selected: null, work: 7 };
  const conversation = new Conversation({
    read: () => editor,
    send: (draft) => sent.push(draft),
    ask: () => new Promise(() => {}), // what comes of it is in analyses.test.js
    take: () => {},
    draw: () => {},
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
    if (what !== "unknown") conversation.goOn();
    return what;
  };
  return { editor, conversation, sent, edit, hear };
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
  const analysis = whole && { rows: [], problem: null, hints: [] };
  return { ...rest, base, seq, whole, analysis, refusal };
}

/** @param {(Draft | null)[]} sent */
const seqs = (sent) => sent.map((draft) => draft && draft.seq);

test("an edit is sent whole, with what it belongs to", () => {
  const { sent, edit } = begin();
  edit("ab");
  const rest = { base: 0, seq: 1, work: 7, asked: true, selected: null };
  assert.deepEqual(sent, [{ ...rest, stack: layers("ab") }]);
});

test("one draft is on its way; what is typed meanwhile goes at once with its answer", () => {
  const { sent, edit, hear, conversation } = begin();
  for (const uids of ["ab", "abc", "abcd"]) edit(uids);
  assert.deepEqual(seqs(sent), [1]);
  hear(answer(0, 1));
  assert.deepEqual(seqs(sent), [1, 3]);
  assert.ok(conversation.isWaiting);
  hear(answer(0, 3));
  assert.ok(!conversation.isWaiting);
});

test("an answer to an older draft is no answer to the one on its way", () => {
  const { sent, edit, hear, conversation } = begin();
  edit("ab");
  hear(answer(0, 0)); // drawn before Python heard of the edit
  assert.deepEqual(seqs(sent), [1]);
  assert.equal(conversation.sent?.seq, 1);
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

test("work that was replaced is forgotten, with the draft that was on its way", () => {
  const { sent, edit, hear, conversation } = begin();
  edit("ab");
  assert.equal(hear(answer(1, 1, layers("xyz"))), "replaced");
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

test("a refused draft is told from one before it", () => {
  const { edit, hear, conversation } = begin();
  edit("ab");
  const refusal = answer(0, 1, null, { index: 1, message: "unknown kind" });
  hear(refusal);
  assert.ok(conversation.isRefused(refusal));
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
