// Which rows are chosen.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  findBetween,
  findChosen,
  findHolding,
  findTogether,
  nameLayers,
} from "../../explorer/ui/components/stack_editor/selection.js";

import { readTree } from "./trees.js";

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

//                     0  1  2  3  4  5  6
const tree = readTree("a[b|c]d");

test("a row of a block's own stands for the block", () => {
  for (const selected of ["[0", "|0", "]0"])
    assert.deepEqual(findChosen({ stack: tree, selected, chosen: new Set() }), ["[0"]);
  assert.deepEqual(findChosen({ stack: tree, selected: "b", chosen: new Set() }), ["b"]);
});

test("what is chosen across the edge of a block is all of the block", () => {
  assert.deepEqual(findBetween(tree, "a", "b"), ["a", "[0"]);
  assert.deepEqual(findBetween(tree, "c", "d"), ["[0", "d"]);
  assert.deepEqual(findBetween(tree, "b", "c"), ["[0"]);
  assert.deepEqual(findBetween(tree, "b", "b"), ["b"]);
});

test("a layer in a chosen block goes with it, and one in a selected block alone", () => {
  const several = { stack: tree, selected: "a", chosen: new Set(["a", "[0"]) };
  assert.deepEqual(findTogether(several, "c"), ["a", "[0"]);
  const one = { stack: tree, selected: "[0", chosen: new Set() };
  assert.deepEqual(findTogether(one, "c"), ["c"]);
  assert.deepEqual(findTogether(one, "]0"), ["[0"]);
});

test("a row is found in what holds it", () => {
  assert.equal(findHolding(tree, ["a", "[0"], "c"), "[0");
  assert.equal(findHolding(tree, ["a", "[0"], "d"), undefined);
  assert.equal(findHolding(tree, ["a", "[0"], "gone"), undefined);
});

test("blocks are counted apart from layers, and one is named by what it is", () => {
  assert.equal(nameLayers(tree, ["a", "[0", "d"]), "2 layers and 1 block");
  assert.equal(nameLayers(readTree("[a|]"), ["[0"]), "Residual");
  assert.equal(nameLayers(readTree("[|][|]"), ["[0", "[1"]), "2 blocks");
});
