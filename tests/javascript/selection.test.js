// Which rows are chosen.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  findBetween,
  findChosen,
  findTogether,
  nameLayers,
} from "../../explorer/ui/components/stack_editor/selection.js";

const stack = [..."abcde"].map((uid) => ({ uid, kind: "ReLU" }));

test("several chosen rows stand in the stack's order; without them it is the selected one", () => {
  assert.deepEqual(findChosen({ stack, selected: "d", chosen: new Set(["d", "b"]) }), ["b", "d"]);
  assert.deepEqual(findChosen({ stack, selected: "d", chosen: new Set() }), ["d"]);
  assert.deepEqual(findChosen({ stack, selected: "a", chosen: new Set(["d", "b"]) }), ["a"]);
  assert.deepEqual(findChosen({ stack, selected: null, chosen: new Set() }), []);
});

test("an action is for all chosen rows, if it is on one of them", () => {
  const editor = { stack, selected: "d", chosen: new Set(["d", "b"]) };
  assert.deepEqual(findTogether(editor, "b"), ["b", "d"]);
  assert.deepEqual(findTogether(editor, "e"), ["e"]);
});

test("a run of rows is the same from either end", () => {
  assert.deepEqual(findBetween(stack, "b", "d"), ["b", "c", "d"]);
  assert.deepEqual(findBetween(stack, "d", "b"), ["b", "c", "d"]);
  assert.deepEqual(findBetween(stack, "c", "c"), ["c"]);
});

test("one row is named by its kind, several by their count", () => {
  assert.equal(nameLayers(stack, ["a"]), "ReLU");
  assert.equal(nameLayers(stack, ["a", "b"]), "2 layers");
});
