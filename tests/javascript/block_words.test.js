// What a block is called.

import assert from "node:assert/strict";
import { test } from "node:test";

import { contentWords, nameBlock } from "../../explorer/ui/components/stack_editor/block_words.js";

/** @import { PlainLayer, Stack } from "../../explorer/ui/components/stack_editor/types.js" */
/** @import { Layer } from "../../explorer/ui/components/stack_editor/types.js" */

const CONV = { kind: "Conv2d", out_channels: 8, kernel_size: 3 };
const PROJECTION = { kind: "Conv2d", out_channels: 8, kernel_size: 1, stride: 2 };
const NORM = { kind: "BatchNorm2d" };
const RELU = { kind: "ReLU" };
const SQUEEZE = { kind: "AdaptiveAvgPool2d", output_size: 1 };

/**
 * @param {string} merge
 * @param {...PlainLayer[]} branches
 * @returns {Stack}
 */
function block(merge, ...branches) {
  const rows = branches.flatMap((branch, number) =>
    (number ? [{ kind: "Next" }] : []).concat(branch),
  );
  return [{ kind: "Branches", merge }, ...rows, { kind: "End" }].map(
    (row, index) => /** @type {Layer} */ ({ uid: String(index), ...row }),
  );
}

/** @type {[name: string, inside: string, stack: Stack][]} */
const NAMES = [
  ["Residual", "2 convolutions", block("add", [CONV, NORM, RELU, CONV], [])],
  ["Residual", "1 convolution", block("add", [], [CONV])],
  ["Residual", "3 convolutions", block("add", [CONV, CONV], [PROJECTION])],
  ["Residual", "2 convolutions", block("add", [CONV], [PROJECTION, NORM])],
  ["Residual", "1 layer", block("add", [RELU], [])],
  ["Sum of 2 branches", "2 convolutions", block("add", [CONV], [CONV])],
  ["Sum of 3 branches", "2 convolutions", block("add", [CONV], [CONV], [])],
  ["Concat of 4 branches", "2 convolutions", block("concat", [CONV], [CONV], [RELU], [])],
  ["Squeeze-and-excitation", "1 convolution", block("multiply", [], [SQUEEZE, PROJECTION])],
  ["Gate", "1 convolution", block("multiply", [], [CONV, { kind: "Sigmoid" }])],
  ["Product of 2 branches", "2 convolutions", block("multiply", [CONV], [CONV])],
  ["Concat of 2 branches", "empty", block("concat", [], [])],
];

for (const [name, inside, stack] of NAMES) {
  const { merge } = stack[0];
  test(`${merge} with ${stack.length} rows: ${name}, ${inside}`, () => {
    assert.equal(nameBlock(stack, 0), name);
    assert.equal(contentWords(stack, 0), inside);
  });
}

test("layers of a block inside count as its own", () => {
  const inner = block("add", [CONV], []).slice();
  const outer = block("concat", [CONV, ...inner], [CONV]);
  assert.equal(nameBlock(outer, 0), "Concat of 2 branches");
  assert.equal(contentWords(outer, 0), "3 convolutions");
});
