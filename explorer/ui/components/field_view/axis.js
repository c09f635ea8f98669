// The units along one axis, as they were sent in short and as they are drawn from.

/** @import { Axis, Run, SentAxis } from "./types.js" */

import { pixelsOf } from "./seen.js";

/**
 * An axis with an entry for each unit.
 *
 * @param {SentAxis} sent
 * @returns {Axis}
 */
export function wholeAxis(sent) {
  const each = (/** @type {number | number[]} */ values) =>
    typeof values === "number" ? Array(sent.units).fill(values) : values;
  const first = Array.isArray(sent.first) ? sent.first : evenly(sent.first, sent.units);
  const window = each(sent.window);
  const whole = first.map((start, unit) => inImage(start, window[unit], sent.pixels));
  return {
    pixels: sent.pixels,
    first,
    window,
    seen: sent.seen ?? whole,
    inside: sent.inside === null ? whole.map(pixelsOf) : each(sent.inside),
    unseen: sent.unseen,
  };
}

/**
 * @param {{from: number, by: number}} steps
 * @param {number} count
 */
function evenly({ from, by }, count) {
  return Array.from({ length: count }, (_, index) => from + by * index);
}

/**
 * All pixels of a window that lie on the image.
 *
 * @param {number} first
 * @param {number} window
 * @param {number} pixels
 * @returns {Run[]}
 */
function inImage(first, window, pixels) {
  const start = Math.max(0, first);
  const end = Math.min(pixels, first + window);
  return start < end ? [[start, end - start]] : [];
}
