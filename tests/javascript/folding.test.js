// Blocks that are folded to one line.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  findBlocks,
  findFoldedFirst,
  findShown,
  reveal,
} from "../../explorer/ui/components/stack_editor/folding.js";
import { readTree } from "./trees.js";

/** @import { Editor } from "../../explorer/ui/components/stack_editor/types.js" */

/**
 * An editor of which only this is there.
 *
 * @param {string} tree
 * @param {...string} folded
 */
function editorOf(tree, ...folded) {
  return /** @type {Editor} */ ({ stack: readTree(tree), folded: new Set(folded) });
}

test("a long stack begins with all its blocks folded, a short one with none", () => {
  assert.deepEqual(findFoldedFirst(readTree("a[b[c|]|]")), []);
  const long = readTree(`a[b[c|]|]${"d".repeat(40)}`);
  assert.deepEqual(findFoldedFirst(long), ["[0", "[1"]);
  assert.deepEqual(findFoldedFirst(readTree("a".repeat(60))), []);
  assert.deepEqual(findBlocks(readTree("[|][|]")), ["[0", "[1"]);
});

test("what hides a row is unfolded, and nothing else", () => {
  const editor = editorOf("[a[b|]|][c|]", "[0", "[1", "[2");
  reveal(editor, "b");
  assert.deepEqual([...editor.folded], ["[2"]);
  reveal(editor, "[2"); // its first row is what is drawn of a folded block
  assert.deepEqual([...editor.folded], ["[2"]);
  reveal(editor, "]2");
  assert.deepEqual([...editor.folded], []);
});

test("a hidden row is shown by the outermost folded block around it", () => {
  assert.equal(findShown(editorOf("[a[b|]|]", "[0", "[1"), "b"), "[0");
  assert.equal(findShown(editorOf("[a[b|]|]", "[1"), "b"), "[1");
  assert.equal(findShown(editorOf("[a[b|]|]", "[1"), "a"), "a");
  assert.equal(findShown(editorOf("[a[b|]|]", "[1"), "[1"), "[1");
});
