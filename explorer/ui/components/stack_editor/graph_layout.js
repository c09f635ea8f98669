// Where the layers of a network stand in its picture: one below the other, branches side by side.
// Nothing here knows the page.

import { findBranches, outline } from "./blocks.js";

/** @import { Stack } from "./types.js" */

/**
 * A layer or a merge in the picture: `x` counts lanes to the right of the picture's left edge, `y`
 * steps down from its top.
 *
 * @typedef {{index: number, x: number, y: number}} Spot
 */

/**
 * A connection, from above to below.
 *
 * @typedef {{x: number, y: number, toX: number, toY: number}} Wire
 */

/** @typedef {{spots: Spot[], wires: Wire[], lanes: number, steps: number}} Layout */

/**
 * How far a part of the picture reaches from the lane that it begins and ends in, and how to put it
 * in its place.
 *
 * @typedef {object} Part
 * @property {number} left
 * @property {number} right
 * @property {number} height
 * @property {(x: number, y: number) => void} put
 */

const HALF = 0.5; // a layer takes half a lane to each side

/**
 * @param {Stack} stack
 * @returns {Layout}
 */
export function layOut(stack) {
  /** @type {Layout} */
  const layout = { spots: [], wires: [], lanes: 0, steps: 0 };
  const whole = measureChain(stack, 0, stack.length, layout);
  whole.put(whole.left, 0);
  return { ...layout, lanes: whole.left + whole.right, steps: whole.height };
}

/**
 * What follows each other in the stack or in a branch.
 *
 * @param {Stack} stack
 * @param {number} first
 * @param {number} after
 * @param {Layout} layout
 * @returns {Part}
 */
function measureChain(stack, first, after, layout) {
  const places = outline(stack);
  /** @type {Part[]} */
  const parts = [];
  for (let index = first; index < after; index = places[index].end + 1)
    parts.push(
      places[index].role === "begin"
        ? measureBlock(stack, index, layout)
        : measureLayer(index, layout),
    );
  const height = parts.reduce((sum, part) => sum + part.height, 0);
  return {
    left: Math.max(HALF, ...parts.map((part) => part.left)),
    right: Math.max(HALF, ...parts.map((part) => part.right)),
    height,
    put: (x, y) => {
      let top = y;
      for (const part of parts) {
        part.put(x, top);
        top += part.height;
      }
    },
  };
}

/**
 * @param {number} index
 * @param {Layout} layout
 * @returns {Part}
 */
function measureLayer(index, layout) {
  const put = (/** @type {number} */ x, /** @type {number} */ y) => {
    layout.spots.push({ index, x, y: y + HALF });
    layout.wires.push({ x, y, toX: x, toY: y + 1 });
  };
  return { left: HALF, right: HALF, height: 1, put };
}

/**
 * A block: its branches side by side, and the merge below them.
 *
 * @param {Stack} stack
 * @param {number} begin
 * @param {Layout} layout
 * @returns {Part}
 */
function measureBlock(stack, begin, layout) {
  const branches = findBranches(stack, begin).map(({ first, after }) =>
    measureChain(stack, first, after, layout),
  );
  // The lanes of the branches, from the block's left edge.
  const lanes = branches.map(
    (branch, number) =>
      branches.slice(0, number).reduce((sum, { left, right }) => sum + left + right, 0) +
      branch.left,
  );
  const width = branches.reduce((sum, { left, right }) => sum + left + right, 0);
  const tallest = Math.max(1, ...branches.map(({ height }) => height));
  const trunk = findTrunk(branches, lanes);
  return {
    left: trunk,
    right: width - trunk,
    height: tallest + 2,
    put: (x, y) => {
      branches.forEach((branch, number) => {
        const lane = x - trunk + lanes[number];
        const [top, bottom] = [y + HALF, y + HALF + tallest];
        branch.put(lane, top);
        layout.wires.push({ x, y, toX: lane, toY: top });
        layout.wires.push({ x: lane, y: top + branch.height, toX: lane, toY: bottom });
        layout.wires.push({ x: lane, y: bottom, toX: x, toY: bottom + 1 });
      });
      const merge = y + tallest + 1.5;
      layout.spots.push({ index: begin, x, y: merge });
      layout.wires.push({ x, y: merge, toX: x, toY: y + tallest + 2 });
    },
  };
}

/**
 * The lane that what comes before and after a block stands in: that of its longest branch, so that
 * a skip leaves to the side; where no branch is longer than the others, the middle.
 *
 * @param {Part[]} branches
 * @param {number[]} lanes
 */
function findTrunk(branches, lanes) {
  const tallest = Math.max(...branches.map(({ height }) => height));
  const tall = lanes.filter((_, number) => branches[number].height === tallest);
  return tall.length === 1 ? tall[0] : (lanes[0] + lanes[lanes.length - 1]) / 2;
}
