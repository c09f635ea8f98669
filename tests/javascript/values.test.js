// Arguments as text, over the fields that Python has.

import assert from "node:assert/strict";
import { test } from "node:test";

import { KINDS } from "../../explorer/ui/components/stack_editor/kinds.js";
import {
  readText,
  sizeText,
  stepText,
  valueText,
} from "../../explorer/ui/components/stack_editor/values.js";

/** @import { Field } from "../../explorer/ui/components/stack_editor/types.js" */

/**
 * @param {string} kind
 * @param {string} name
 */
const field = (kind, name) =>
  /** @type {Field} */ (KINDS[kind].fields.find((each) => each.name === name));

test("what a value is shown as is read as that value", () => {
  for (const value of [3, [3, 5], "same"]) {
    assert.deepEqual(readText(valueText(value), field("Conv2d", "padding")), { value });
  }
  assert.deepEqual(readText(valueText(null), field("MaxPool2d", "stride")), { value: null });
});

test("a starting value is a value, of every argument that is typed", () => {
  for (const [kind, { fields }] of Object.entries(KINDS)) {
    for (const each of fields.filter(({ type }) => !["bool", "choice"].includes(type))) {
      const read = readText(valueText(each.initial), each);
      assert.ok("value" in read, `${kind}.${each.name}: ${valueText(each.initial)}`);
    }
  }
});

test("steps stay within the bounds", () => {
  const kernel = field("Conv2d", "kernel_size");
  assert.equal(stepText("1", kernel, -10), "1");
  assert.equal(stepText(String(kernel.max), kernel, 1), String(kernel.max));
});

test("sizes are joined", () => {
  assert.equal(sizeText([8, 26, 26]), "8×26×26");
});
