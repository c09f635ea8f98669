// Where layers stand in the picture of a network.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BLOCK } from "../../explorer/ui/components/stack_editor/blocks.js";
import { layOut } from "../../explorer/ui/components/stack_editor/graph_layout.js";
import { readTree } from "./trees.js";

/** @import { Layout } from "../../explorer/ui/components/stack_editor/graph_layout.js" */

/**
 * Each layer by its letter, a merge by "+", as "letter x y", from top to bottom.
 *
 * @param {string} text
 */
function spots(text) {
  const stack = readTree(text);
  return layOut(stack)
    .spots.map(({ index, x, y }) => {
      const { kind, uid } = stack[index];
      return `${kind === BLOCK ? "+" : uid} ${x} ${y}`;
    })
    .sort((a, b) => Number(a.split(" ")[2]) - Number(b.split(" ")[2]));
}

const TREES = [
  "",
  "a",
  "abc",
  "a[b|]",
  "[|]",
  "[|||]",
  "a[b[c|]|d|]e",
  "[a|b|c|d]",
  "[[[a|b]|]|c]",
];

test("layers stand below each other in one lane", () => {
  assert.deepEqual(spots("abc"), ["a 0.5 0.5", "b 0.5 1.5", "c 0.5 2.5"]);
});

test("a skip leaves to the side, past the layers that it skips", () => {
  const down = ["a 0.5 0.5", "b 0.5 2", "c 0.5 3", "+ 0.5 4.5", "d 0.5 5.5"];
  assert.deepEqual(spots("a[bc|]d"), down);
  assert.deepEqual(
    spots("a[|bc]d"),
    down.map((spot) => spot.replace(" 0.5", " 1.5")),
  );
});

test("branches of one length stand around the middle", () => {
  assert.deepEqual(spots("x[a|b|c]"), ["x 1.5 0.5", "a 0.5 2", "b 1.5 2", "c 2.5 2", "+ 1.5 3.5"]);
  assert.deepEqual(spots("[a|b]x").at(-1), "x 1 3.5");
});

for (const tree of TREES) {
  test(`in "${tree}" everything has a place of its own, inside the picture`, () => {
    const { spots: found, lanes, steps } = layOut(readTree(tree));
    const places = found.map(({ x, y }) => `${x} ${y}`);
    assert.equal(new Set(places).size, places.length);
    const letters = tree.replace(/[^a-z]/g, "").length;
    const blocks = tree.split("[").length - 1;
    assert.equal(found.length, letters + blocks);
    for (const { x, y } of found) assert.ok(x >= 0.5 && x <= lanes - 0.5 && y > 0 && y < steps);
  });

  test(`in "${tree}" wires lead from the top through everything to the bottom`, () => {
    const layout = layOut(readTree(tree));
    const reached = follow(layout);
    for (const { x, y } of layout.spots) assert.ok(isOn(reached, x, y), `${x} ${y}`);
    const ends = reached.filter(({ toY }) => toY === layout.steps);
    assert.equal(ends.length, tree ? 1 : 0);
  });
}

/**
 * The wires that can be reached from the top.
 *
 * @param {Layout} layout
 */
function follow({ wires }) {
  const found = wires.filter(({ y }) => y === 0);
  // Of a network that begins with a block one to each branch, all in one lane.
  assert.ok(new Set(found.map(({ x }) => x)).size <= 1);
  for (const { toX, toY } of found)
    for (const wire of wires)
      if (wire.x === toX && wire.y === toY && !found.includes(wire)) found.push(wire);
  return found;
}

/**
 * @param {Layout["wires"]} wires
 * @param {number} x
 * @param {number} y
 */
function isOn(wires, x, y) {
  return wires.some(
    (wire) =>
      (wire.x === x && wire.toX === x && wire.y <= y && y <= wire.toY) ||
      (wire.toX === x && wire.toY === y),
  );
}
