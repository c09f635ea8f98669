// Which pixels the chosen unit sees, as rectangles that do not overlap.

/** @import { Cell, Field, Run, Seen } from "./types.js" */

/**
 * The rows and columns of what the unit sees: one pair, or several where branches were merged that
 * look at areas of different shapes.
 *
 * @param {Field} data
 * @param {Cell} unit
 * @returns {Seen[]}
 */
function products(data, unit) {
  if (!data.products)
    return [{ rows: data.rows.seen[unit.row], columns: data.columns.seen[unit.column] }];
  return data.products.map(({ rows, columns }) => ({
    rows: rows[unit.row],
    columns: columns[unit.column],
  }));
}

/**
 * Has what the unit sees another shape than rows times columns?
 *
 * @param {Field} data
 * @param {Cell} unit
 */
export function isUneven(data, unit) {
  const whole = pixelsOf(data.rows.seen[unit.row]) * pixelsOf(data.columns.seen[unit.column]);
  return seenPixels(data, unit) !== whole;
}

/** @param {Run[]} runs */
export function pixelsOf(runs) {
  return runs.reduce((sum, [, count]) => sum + count, 0);
}

/**
 * @param {Field} data
 * @param {Cell} unit
 */
export function seenPixels(data, unit) {
  return seenRectangles(data, unit).reduce((sum, [, height, , width]) => sum + height * width, 0);
}

/**
 * The first row and how many, the first column and how many.
 *
 * @param {Field} data
 * @param {Cell} unit
 * @returns {[y: number, height: number, x: number, width: number][]}
 */
export function seenRectangles(data, unit) {
  const all = products(data, unit);
  /** @type {[number, number, number, number][]} */
  const boxes = [];
  if (all.length === 1) {
    for (const [y, height] of all[0].rows)
      for (const [x, width] of all[0].columns) boxes.push([y, height, x, width]);
    return boxes;
  }
  let before = "";
  for (let y = 0; y < data.rows.pixels; y += 1) {
    const runs = joined(all.filter(({ rows }) => holds(rows, y)).flatMap(({ columns }) => columns));
    const now = JSON.stringify(runs);
    // A row like the one above makes its rectangles one taller.
    if (runs.length && now === before) for (const box of boxes.slice(-runs.length)) box[1] += 1;
    else for (const [x, width] of runs) boxes.push([y, 1, x, width]);
    before = now;
  }
  return boxes;
}

/**
 * @param {Run[]} runs
 * @param {number} pixel
 */
export function holds(runs, pixel) {
  return runs.some(([first, count]) => pixel >= first && pixel < first + count);
}

/**
 * Runs that may overlap or touch, as runs that do neither.
 *
 * @param {Run[]} runs
 * @returns {Run[]}
 */
export function joined(runs) {
  /** @type {Run[]} */
  const found = [];
  for (const [first, count] of runs.toSorted((one, other) => one[0] - other[0])) {
    const last = found.at(-1);
    if (last && first <= last[0] + last[1]) last[1] = Math.max(last[1], first + count - last[0]);
    else found.push([first, count]);
  }
  return found;
}
