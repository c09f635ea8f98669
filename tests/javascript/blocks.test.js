// Where rows stand in the tree of layers and blocks.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  findAround,
  findBlock,
  findBranchOf,
  findBranches,
  findDepth,
  findFault,
  findGapBelow,
  findRows,
  findSiblings,
  findVisible,
  insideText,
  outline,
  pathText,
} from "../../explorer/ui/components/stack_editor/blocks.js";
import {
  MAX_BRANCHES,
  MAX_DEPTH,
  MAX_LAYERS,
} from "../../explorer/ui/components/stack_editor/kinds.js";
import { readTree } from "./trees.js";

//    a  [  b  [  c  |  ]  |  d  |  ]  e
//    0  1  2  3  4  5  6  7  8  9  10 11
const NESTED = readTree("a[b[c|]|d|]e");

test("a row's path is its layer's address, or that of the block that it belongs to", () => {
  const paths = outline(NESTED).map(({ path }) => pathText(path));
  const inner = ["1.0.1", "1.0.1.0.0", "1.0.1", "1.0.1"];
  assert.deepEqual(paths, ["0", "1", "1.0.0", ...inner, "1", "1.1.0", "1", "1", "2"]);
});

test("a row is told where its layer or block begins and ends, and what is around it", () => {
  const places = outline(NESTED);
  assert.deepEqual(
    places.map(({ start, end }) => [start, end]),
    [
      [0, 0],
      [1, 10],
      [2, 2],
      [3, 6],
      [4, 4],
      [3, 6],
      [3, 6],
      [1, 10],
      [8, 8],
      [1, 10],
      [1, 10],
      [11, 11],
    ],
  );
  assert.deepEqual(
    places.map(({ depth }) => depth),
    [0, 0, 1, 1, 2, 1, 1, 0, 1, 0, 0, 0],
  );
  assert.deepEqual(
    places.map(({ around }) => around),
    [-1, -1, 1, 1, 3, 1, 1, -1, 1, -1, -1, -1],
  );
  assert.deepEqual(
    [4, 8, 0].map((index) => insideText(places[index])),
    ["in branch 1 of block 1.0.1", "in branch 2 of block 1", ""],
  );
});

test("an outline is made once for each stack", () => {
  assert.equal(outline(NESTED), outline(NESTED));
});

test("a plain stack has the addresses that it always had", () => {
  const places = outline(readTree("abc"));
  assert.deepEqual(
    places.map(({ path, depth, around }) => [path, depth, around]),
    [
      [[0], 0, -1],
      [[1], 0, -1],
      [[2], 0, -1],
    ],
  );
});

/** @type {[tree: string, fault: RegExp | null][]} */
const FAULTS = [
  ["", null],
  ["a[b|]c", null],
  ["[|]", null],
  ["a]", /ends that has not begun/],
  ["|", /ends that has not begun/],
  ["[a|", /no end/],
  ["[a]", /at least 2 branches/],
  [`[${"|".repeat(MAX_BRANCHES)}]`, /at most 8 branches/],
  [`${"[".repeat(MAX_DEPTH + 1)}${"|]".repeat(MAX_DEPTH + 1)}`, /deep/],
  ["a".repeat(MAX_LAYERS + 1), /at most 1000 layers; this would be 1001/],
];

for (const [tree, fault] of FAULTS) {
  test(`what is wrong with ${tree.slice(0, 20) || "an empty stack"}: ${fault ?? "nothing"}`, () => {
    const found = findFault(readTree(tree));
    if (fault) assert.match(found ?? "", fault);
    else assert.equal(found, null);
  });
}

test("rows that make no tree still have places, so that they can be drawn", () => {
  for (const tree of ["]", "a|b", "[a", "[[|", "[a|]]"])
    assert.equal(outline(readTree(tree)).length, tree.length);
});

test("the rows of a block are all that it holds; a row that begins nothing stands for none", () => {
  assert.deepEqual([...findRows(NESTED, ["[1", "a"])], [0, 3, 4, 5, 6]);
  assert.deepEqual([...findRows(NESTED, ["|0", "]1", "x"])], []);
});

/** @type {[uids: string[], siblings: string[]][]} */
const SIBLINGS = [
  [["a"], ["a"]],
  [["c"], ["c"]],
  [
    ["b", "[1"],
    ["b", "[1"],
  ],
  [
    ["c", "b"],
    ["b", "[1"],
  ], // across the edge of a block: all of it
  [["c", "d"], ["[0"]], // in two branches: their block
  [["|1"], ["[0"]], // a row between branches stands for the block
  [["]0"], ["[1"]],
  [
    ["a", "c"],
    ["a", "[0"],
  ],
  [["[0", "b"], ["[0"]],
  [
    ["e", "a"],
    ["a", "e"],
  ],
  [[], []],
  [["x"], []],
];

for (const [uids, siblings] of SIBLINGS) {
  test(`${uids.join(" ") || "nothing"} is widened to ${siblings.join(" ") || "nothing"}`, () => {
    assert.deepEqual(findSiblings(NESTED, uids), siblings);
  });
}

test("a row's block is the one that it begins, divides or ends, or else stands in", () => {
  const blocks = NESTED.map((_, index) => findBlock(NESTED, index));
  assert.deepEqual(blocks, [-1, 1, 1, 3, 3, 3, 3, 1, 1, 1, 1, -1]);
  assert.equal(findBlock(NESTED, -1), -1);
});

test("branches are the rows between a block's own", () => {
  assert.deepEqual(findBranches(NESTED, 1), [
    { first: 2, after: 7 },
    { first: 8, after: 9 },
    { first: 10, after: 10 },
  ]);
  const numbers = NESTED.map((_, index) => findBranchOf(NESTED, 1, index));
  assert.deepEqual(numbers.slice(1, 11), [0, 0, 0, 0, 0, 0, 1, 1, 2, -1]);
});

test("of a folded block only the first row is drawn, and what is put below it comes after it", () => {
  /** @param {...string} uids */
  const visible = (...uids) => findVisible(NESTED, new Set(uids));
  assert.deepEqual(visible(), [...NESTED.keys()]);
  assert.deepEqual(visible("[1"), [0, 1, 2, 3, 7, 8, 9, 10, 11]);
  assert.deepEqual(visible("[0", "[1"), [0, 1, 11]);
  assert.equal(findGapBelow(NESTED, 1, new Set()), 2);
  assert.equal(findGapBelow(NESTED, 1, new Set(["[0"])), 11);
  assert.equal(findGapBelow(NESTED, 4, new Set(["[0"])), 5);
});

test("the blocks around a row are told from the inside out", () => {
  assert.deepEqual(findAround(NESTED, 4), [3, 1]);
  assert.deepEqual(findAround(NESTED, 5), [3, 1]);
  assert.deepEqual(findAround(NESTED, 3), [1]);
  assert.deepEqual(findAround(NESTED, 0), []);
  assert.deepEqual(findAround(NESTED, -1), []);
});

test("a gap is as deep as what is put there will be", () => {
  const depths = [...NESTED.keys(), NESTED.length].map((gap) => findDepth(NESTED, gap));
  assert.deepEqual(depths, [0, 0, 1, 1, 2, 2, 2, 1, 1, 1, 1, 0, 0]);
});
