// What a lesson hides in the stack: a number is shown only where it is the one that was guessed.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  UNKNOWN,
  isOffered,
  sayNumbers,
  secretOf,
  withoutSecrets,
} from "../../explorer/ui/components/stack_editor/lesson.js";

/** @import { Lesson } from "../../explorer/ui/components/stack_editor/types.js" */

const TEXTS = { shape: "8×26×26", sees: "3×3", params: "80" };

/**
 * @param {Partial<Lesson>} changes
 * @returns {{lesson: Lesson}}
 */
function under(changes) {
  return { lesson: { adds: true, guess: ["shape", "field", "params"], revealed: {}, ...changes } };
}

test("without a lesson all numbers are shown", () => {
  assert.equal(secretOf({ lesson: null }, "p0-0"), null);
  assert.equal(secretOf(under({ guess: [] }), "p0-0"), null);
  assert.equal(withoutSecrets(TEXTS, null), TEXTS);
});

test("what is to be guessed is hidden, and only that", () => {
  const found = withoutSecrets(TEXTS, secretOf(under({ guess: ["field"] }), "p0-0"));
  assert.deepEqual(found, { ...TEXTS, sees: UNKNOWN });
  const all = withoutSecrets(TEXTS, secretOf(under({}), "p0-0"));
  assert.deepEqual(all, { shape: UNKNOWN, sees: UNKNOWN, params: UNKNOWN });
});

test("a number is shown once it was guessed, on its own row", () => {
  const editor = under({ revealed: { "p0-0": { shape: "8×26×26" } } });
  const own = withoutSecrets(TEXTS, secretOf(editor, "p0-0"));
  assert.deepEqual(own, { shape: "8×26×26", sees: UNKNOWN, params: UNKNOWN });
  assert.equal(withoutSecrets(TEXTS, secretOf(editor, "p0-1")).shape, UNKNOWN);
});

test("a number that an edit has changed is hidden again, and comes back with the edit's undo", () => {
  const editor = under({ revealed: { "p0-0": { shape: "8×26×26" } } });
  const edited = { ...TEXTS, shape: "8×24×24" };
  assert.equal(withoutSecrets(edited, secretOf(editor, "p0-0")).shape, UNKNOWN);
  assert.equal(withoutSecrets(TEXTS, secretOf(editor, "p0-0")).shape, "8×26×26");
});

test("who hears a row is not told what is hidden", () => {
  const hidden = withoutSecrets(TEXTS, secretOf(under({}), "p0-0"));
  assert.equal(
    sayNumbers(hidden),
    "output to be guessed, receptive field to be guessed, parameters to be guessed",
  );
  assert.equal(sayNumbers(TEXTS), "output 8×26×26, receptive field 3×3, 80 parameters");
});

test("nothing is added where a lesson says so; all else can be done", () => {
  const adding = ["add", "addBelow", "append", "insert", "first", "duplicate", "repeat", "wrap"];
  const others = ["remove", "up", "moveDown", "undo", "fold", "more", "fix"];
  const fixed = under({ adds: false });
  assert.deepEqual(
    adding.filter((action) => isOffered(fixed, action)),
    [],
  );
  assert.deepEqual(
    others.filter((action) => isOffered(fixed, action)),
    others,
  );
  for (const editor of [under({}), { lesson: null }])
    assert.ok(adding.every((action) => isOffered(editor, action)));
});
