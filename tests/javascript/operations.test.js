// Operations on a list of layers: each gives a new list, and shares what it did not touch.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BLOCK } from "../../explorer/ui/components/stack_editor/blocks.js";
import {
  applyFix,
  areSameLayers,
  duplicateLayers,
  findFirstDifference,
  findLayer,
  findPlace,
  insertLayers,
  makeUid,
  moveLayers,
  removeLayers,
  setArgument,
} from "../../explorer/ui/components/stack_editor/operations.js";
import { readTree } from "./trees.js";

/** @import { PlainLayer, Stack } from "../../explorer/ui/components/stack_editor/types.js" */

/** @type {Stack} */
const STACK = Object.freeze([..."abcde"].map((uid) => Object.freeze({ uid, kind: "ReLU" })));

/** @param {Stack} stack */
const uids = (stack) => stack.map((layer) => layer.uid).join("");

test("layers are moved into a gap between the rows as they stand", () => {
  /** @type {[string[], number, string][]} */
  const cases = [
    [["b"], 0, "bacde"],
    [["b"], 1, "abcde"],
    [["b"], 2, "abcde"],
    [["b"], 5, "acdeb"],
    [["a", "d"], 3, "bcade"],
    [["d", "a"], 5, "bcead"],
    [[], 2, "abcde"],
  ];
  for (const [moving, gap, order] of cases) {
    assert.equal(uids(moveLayers(STACK, moving, gap)), order);
  }
});

test("layers are removed and put in", () => {
  assert.equal(uids(removeLayers(STACK, ["a", "e", "x"])), "bcd");
  assert.equal(uids(insertLayers(STACK, 2, [{ uid: "x", kind: "ReLU" }])), "abxcde");
});

test("copies follow the last of the originals, each with a uid of its own", () => {
  const { stack, copies } = duplicateLayers(STACK, ["b", "d"], 2);
  const marked = stack.map((layer) => (copies.includes(layer) ? "+" : layer.uid)).join("");
  assert.equal(marked, "abcd++++e");
  assert.equal(new Set(stack.map((layer) => layer.uid)).size, 9);
});

test("an argument is set on one layer, and all others are the same objects", () => {
  const changed = setArgument(STACK, "c", "inplace", true);
  assert.deepEqual(changed[2], { uid: "c", kind: "ReLU", inplace: true });
  assert.deepEqual(
    changed.map((layer, place) => layer === STACK[place]),
    [true, true, false, true, true],
  );
  assert.equal(findFirstDifference(STACK, changed), 2);
});

test("a fix takes layers out and puts others in; one of the same kind keeps its row", () => {
  /** @type {Stack} */
  const stack = [
    { uid: "a", kind: "Conv2d", kernel_size: 40 },
    { uid: "b", kind: "Linear", out_features: 10 },
  ];
  /** @type {PlainLayer[]} */
  const layers = [{ kind: "Flatten" }, { kind: "Conv2d", kernel_size: 28 }];
  const [flatten, conv, linear] = applyFix(stack, { at: 0, remove: 1, layers });
  assert.equal(flatten.kind, "Flatten");
  assert.ok(!["a", "b"].includes(flatten.uid));
  assert.deepEqual(conv, { uid: "a", kind: "Conv2d", kernel_size: 28 });
  assert.equal(linear, stack[1]);
});

test("lists are the same network whatever their rows are called, and however written", () => {
  /** @type {Stack} */
  const one = [{ uid: "a", kind: "Conv2d", out_channels: 8, kernel_size: 3 }];
  assert.ok(areSameLayers(one, [{ kernel_size: 3, kind: "Conv2d", out_channels: 8, uid: "z" }]));
  assert.ok(!areSameLayers(one, setArgument(one, "a", "out_channels", 9)));
  assert.ok(!areSameLayers(one, []));
  assert.ok(areSameLayers(one, setArgument(one, "a", "padding", 0)));
  assert.ok(areSameLayers(one, setArgument(one, "a", "padding_mode", "zeros")));
  assert.ok(!areSameLayers(one, setArgument(one, "a", "padding", 1)));
});

test("blanks around a block's name make no other network, nor does no name", () => {
  const named = (/** @type {string} */ name) =>
    readTree("[a|]").map((row) => (row.kind === BLOCK ? { ...row, name } : row));
  assert.ok(areSameLayers(named("stem "), named("stem")));
  assert.ok(areSameLayers(named(""), readTree("[a|]")));
  assert.ok(!areSameLayers(named("stem"), readTree("[a|]")));
  assert.ok(!areSameLayers(readTree("[a|b]"), readTree("[ab|]")));
});

test("a layer is found by its uid, and who asks for none is told", () => {
  assert.equal(findPlace(STACK, "d"), 3);
  assert.equal(findPlace(STACK, null), -1);
  assert.equal(findLayer(STACK, "d"), STACK[3]);
  assert.throws(() => findLayer(STACK, "x"), /no layer has the uid x/);
});

test("no two layers have the same uid", () => {
  assert.equal(new Set(Array.from({ length: 2000 }, makeUid)).size, 2000);
});
