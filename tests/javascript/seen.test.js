// Which pixels a unit sees, as rectangles.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  isUneven,
  joined,
  seenPixels,
  seenRectangles,
} from "../../explorer/ui/components/field_view/seen.js";

/** @import { Field, Run, Seen } from "../../explorer/ui/components/field_view/types.js" */

/**
 * One unit that sees these products of rows and columns, of 9×9 pixels.
 *
 * @param {Seen[]} products
 */
function seeing(products) {
  const axis = (/** @type {"rows" | "columns"} */ name) => ({
    pixels: 9,
    seen: [joined(products.flatMap((product) => product[name]))],
  });
  const several = products.map(({ rows, columns }) => ({ rows: [rows], columns: [columns] }));
  return /** @type {Field} */ (
    /** @type {unknown} */ ({
      rows: axis("rows"),
      columns: axis("columns"),
      products: products.length > 1 ? several : null,
    })
  );
}

const UNIT = { row: 0, column: 0 };
/** @type {(...runs: Run[]) => Run[]} */
const runs = (...all) => all;

test("rows times columns are a rectangle for each pair of runs", () => {
  const data = seeing([{ rows: runs([1, 2], [5, 1]), columns: runs([0, 3]) }]);
  assert.deepEqual(seenRectangles(data, UNIT), [
    [1, 2, 0, 3],
    [5, 1, 0, 3],
  ]);
  assert.equal(seenPixels(data, UNIT), 9);
  assert.equal(isUneven(data, UNIT), false);
});

test("a row and a column that cross are a cross", () => {
  const data = seeing([
    { rows: runs([4, 1]), columns: runs([1, 7]) },
    { rows: runs([1, 7]), columns: runs([4, 1]) },
  ]);
  assert.deepEqual(seenRectangles(data, UNIT), [
    [1, 3, 4, 1],
    [4, 1, 1, 7],
    [5, 3, 4, 1],
  ]);
  assert.equal(seenPixels(data, UNIT), 13);
  assert.equal(isUneven(data, UNIT), true);
});

test("rectangles do not overlap, so that an even number of them veils nothing", () => {
  const data = seeing([
    { rows: runs([0, 4]), columns: runs([0, 4]) },
    { rows: runs([2, 5]), columns: runs([2, 2], [6, 1]) },
  ]);
  const seen = new Set();
  for (const [y, height, x, width] of seenRectangles(data, UNIT))
    for (let row = y; row < y + height; row += 1)
      for (let column = x; column < x + width; column += 1) {
        assert.equal(seen.has(9 * row + column), false);
        seen.add(9 * row + column);
      }
  assert.equal(seen.size, 16 + 15 - 4);
});

test("a unit that sees nothing has no rectangle", () => {
  assert.deepEqual(seenRectangles(seeing([{ rows: [], columns: runs([1, 2]) }]), UNIT), []);
  assert.equal(isUneven(seeing([{ rows: [], columns: runs([1, 2]) }]), UNIT), false);
});

test("runs that overlap or touch become one", () => {
  assert.deepEqual(joined(runs([5, 2], [0, 2], [1, 3], [4, 1])), [[0, 7]]);
  assert.deepEqual(joined(runs([3, 1], [0, 2])), [
    [0, 2],
    [3, 1],
  ]);
});
