// Undo and redo, step by step.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  openHistory,
  remember,
  travel,
} from "../../explorer/ui/components/stack_editor/history.js";

/** @import { Snapshot } from "../../explorer/ui/components/stack_editor/types.js" */

/**
 * @param {number} work  by which a snapshot is told from another
 * @returns {Snapshot}
 */
const snapshot = (work) => ({ stack: [], selected: null, work });

/** @param {string} key */
function edited(key) {
  const history = openHistory(key);
  let now = snapshot(0);
  return {
    history,
    edit: (/** @type {number} */ next, /** @type {string | null} */ merging = null) => {
      remember(history, now, merging);
      now = snapshot(next);
    },
    go: (/** @type {boolean} */ back) => {
      const to = travel(history, now, back);
      if (to) now = to;
      return to && to.work;
    },
  };
}

test("steps are taken back and done again, and digits of one number are one step", () => {
  const { edit, go } = edited("digits");
  edit(1);
  edit(2, "channels");
  edit(3, "channels");
  edit(4);
  assert.deepEqual([go(true), go(true), go(true), go(true)], [3, 1, 0, null]);
  assert.deepEqual([go(false), go(false)], [1, 3]);
});

test("an edit after an undo forgets what was undone", () => {
  const { edit, go } = edited("fork");
  edit(1);
  edit(2);
  go(true);
  edit(5);
  assert.equal(go(false), null);
  assert.deepEqual([go(true), go(true)], [1, 0]);
});

test("digits typed after an undo are a step of their own", () => {
  const { edit, go } = edited("again");
  edit(1, "channels");
  go(true);
  edit(2, "channels");
  assert.equal(go(true), 0);
});

test("a history is found again by its key", () => {
  assert.equal(openHistory("k"), openHistory("k"));
  assert.notEqual(openHistory("k"), openHistory("other"));
});
