// The order of a table's rows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { nextOrder, sortRows } from "../../explorer/ui/components/figure_table/order.js";

const ROWS = [
  ["gap", "99.40 %", "16,426"],
  ["blank", "–", "0"],
  ["average", "9.80 %", "4.137e+35"],
];

/** @param {number} column @param {boolean} descending */
const names = (column, descending) => sortRows(ROWS, { column, descending }).map(([name]) => name);

test("numbers are sorted as numbers and words as words", () => {
  assert.deepEqual(names(0, false), ["average", "blank", "gap"]);
  assert.deepEqual(names(2, false), ["blank", "gap", "average"]);
  assert.deepEqual(names(2, true), ["average", "gap", "blank"]);
});

test("a row without a value comes last both ways", () => {
  assert.deepEqual(names(1, true), ["gap", "average", "blank"]);
  assert.deepEqual(names(1, false), ["average", "gap", "blank"]);
});

test("the third press on a heading brings back the order in which the rows came", () => {
  for (const isNumber of [true, false]) {
    const first = nextOrder(null, 1, isNumber);
    assert.deepEqual(first, { column: 1, descending: isNumber });
    const second = nextOrder(first, 1, isNumber);
    assert.deepEqual(second, { column: 1, descending: !isNumber });
    assert.equal(nextOrder(second, 1, isNumber), null);
    assert.deepEqual(nextOrder(second, 2, true), { column: 2, descending: true });
  }
  assert.deepEqual(sortRows(ROWS, null), ROWS);
});
