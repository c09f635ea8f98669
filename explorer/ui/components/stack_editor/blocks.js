// Where each row stands in the tree of layers and blocks.
//
// The tree is a flat list of rows. A layer is one row. A block is a row that begins it, the rows of
// its first branch, for each further branch a "Next" row and that branch's rows, and an "End" row.
// So every gap between two rows is a place for whole layers and blocks, and putting them there
// leaves a tree.

import { MAX_BRANCHES, MAX_DEPTH, MAX_LAYERS } from "./kinds.js";

/** @import { Layer, Placed, Stack } from "./types.js" */

export const BLOCK = "Branches"; // the kind of the row that begins a block
export const NEXT = "Next";
export const END = "End";

/** @type {Record<string, Placed["role"]>} */
const ROLES = { [BLOCK]: "begin", [NEXT]: "next", [END]: "end" };

/** @type {WeakMap<Stack, Placed[]>} */
const outlines = new WeakMap();

/**
 * Where each row of a stack stands.
 *
 * @param {Stack} stack
 * @returns {readonly Placed[]}
 */
export function outline(stack) {
  const known = outlines.get(stack);
  if (known) return known;
  const made = makeOutline(stack);
  outlines.set(stack, made);
  return made;
}

/** @param {Stack} stack */
function makeOutline(stack) {
  /** @type {Placed[]} */
  const places = [];
  // The blocks that have begun and not ended, by the rows that begin them.
  /** @type {number[]} */
  const open = [];
  /** @type {number[]} the path of the layer that comes next */
  let next = [0];
  const last = stack.length - 1;
  stack.forEach((row, index) => {
    const role = ROLES[row.kind] ?? "layer";
    const depth = open.length;
    const around = open.at(-1) ?? -1;
    if (role === "layer" || role === "begin") {
      const end = role === "begin" ? last : index; // of a block, until its end is met
      places.push({ role, path: next, depth, start: index, end, around, branch: 0 });
      next = role === "begin" ? [...next, 0, 0] : [...next.slice(0, -1), next[next.length - 1] + 1];
      if (role === "begin") open.push(index);
      return;
    }
    const block = places[around];
    if (!block) {
      places.push({ role, path: next, depth, start: index, end: index, around, branch: 0 });
      return;
    }
    const branch = next[next.length - 2] + (role === "next" ? 1 : 0);
    const { path, start } = block;
    places.push({ role, path, depth: depth - 1, start, end: last, around: block.around, branch });
    if (role === "next") next = [...path, branch, 0];
    else {
      open.pop();
      block.end = index;
      next = [...path.slice(0, -1), path[path.length - 1] + 1];
    }
  });
  for (const place of places) if (place.role !== "layer") place.end = places[place.start].end;
  return places;
}

/**
 * Why these rows make no tree that Python would take; null where they do.
 *
 * @param {Stack} stack
 * @returns {string | null}
 */
export function findFault(stack) {
  const count = countNodes(stack);
  if (count > MAX_LAYERS) return `A stack has at most ${MAX_LAYERS} layers; this would be ${count}`;
  /** @type {number[]} of each block that has begun and not ended, how many branches have begun */
  const open = [];
  for (const { kind } of stack) {
    if (kind === BLOCK) {
      if (open.push(1) > MAX_DEPTH) return `Blocks stand in each other at most ${MAX_DEPTH} deep`;
    } else if (kind === NEXT || kind === END) {
      if (!open.length) return "A block ends that has not begun";
      if (kind === NEXT) open[open.length - 1] += 1;
      if (open[open.length - 1] > MAX_BRANCHES)
        return `A block has at most ${MAX_BRANCHES} branches`;
      if (kind === END && /** @type {number} */ (open.pop()) < 2)
        return "A block has at least 2 branches";
    }
  }
  return open.length ? "A block has no end" : null;
}

/**
 * The rows that are neither a layer nor the beginning of a block.
 *
 * @param {Layer} row
 */
export function isMarker({ kind }) {
  return kind === NEXT || kind === END;
}

/**
 * How many layers and blocks there are.
 *
 * @param {Stack} stack
 */
export function countNodes(stack) {
  return stack.reduce((count, row) => count + (isMarker(row) ? 0 : 1), 0);
}

/**
 * All rows of the layers and blocks that begin at these; rows that begin none are left out.
 *
 * @param {Stack} stack
 * @param {Iterable<string>} uids
 * @returns {Set<number>} places, in order
 */
export function findRows(stack, uids) {
  const wanted = new Set(uids);
  const places = outline(stack);
  /** @type {Set<number>} */
  const found = new Set();
  stack.forEach(({ uid }, index) => {
    if (!wanted.has(uid) || places[index].start !== index) return;
    for (let each = index; each <= places[index].end; each += 1) found.add(each);
  });
  return found;
}

/**
 * The fewest layers and blocks that follow each other in one branch, or in the stack itself, and
 * hold all these rows: the uids of their first rows, in order. A block's own rows stand for it.
 *
 * @param {Stack} stack
 * @param {Iterable<string>} uids
 */
export function findSiblings(stack, uids) {
  const wanted = new Set(uids);
  const places = outline(stack);
  const found = places.filter((_, index) => wanted.has(stack[index].uid));
  if (!found.length) return [];
  const chain = found
    .map(({ path }) => path.slice(0, -1))
    .reduce((common, path) => {
      let length = 0;
      while (length < common.length && common[length] === path[length]) length += 1;
      return common.slice(0, length - (length % 2));
    });
  const starts = found.map(({ start }) => {
    let index = start;
    while (places[index].path.length > chain.length + 1) index = places[index].around;
    return index;
  });
  return [...new Set(starts)].sort((a, b) => a - b).map((index) => stack[index].uid);
}

/**
 * The innermost block that a row belongs to: the place of the row that begins it, -1 where there is
 * none. A block's own rows belong to it.
 *
 * @param {Stack} stack
 * @param {number} index
 */
export function findBlock(stack, index) {
  const place = outline(stack)[index];
  if (!place) return -1;
  return place.role === "layer" ? place.around : place.start;
}

/**
 * A block's branches, each as the places of its first row and of the row after its last.
 *
 * @param {Stack} stack
 * @param {number} begin
 */
export function findBranches(stack, begin) {
  const places = outline(stack);
  const { end } = places[begin];
  const bounds = [begin];
  for (let index = begin + 1; index <= end; index += 1)
    if (places[index].start === begin) bounds.push(index);
  return bounds.slice(1).map((after, number) => ({ first: bounds[number] + 1, after }));
}

/**
 * The branch that a row stands in or begins, of the block at `begin`; -1 for the block's end.
 *
 * @param {Stack} stack
 * @param {number} begin
 * @param {number} index
 */
export function findBranchOf(stack, begin, index) {
  const branches = findBranches(stack, begin);
  return branches.findIndex(({ first, after }) => first - 1 <= index && index < after);
}

/**
 * The rows to draw: those inside a folded block are left out, and of its own all but the first.
 *
 * @param {Stack} stack
 * @param {Set<string>} folded  uids of the rows that begin folded blocks
 * @returns {number[]} their places
 */
export function findVisible(stack, folded) {
  const places = outline(stack);
  /** @type {number[]} */
  const found = [];
  for (let index = 0; index < stack.length; index += 1) {
    found.push(index);
    if (places[index].role === "begin" && folded.has(stack[index].uid)) index = places[index].end;
  }
  return found;
}

/**
 * The gap below a row as it is drawn.
 *
 * @param {Stack} stack
 * @param {number} index
 * @param {Set<string>} folded
 */
export function findGapBelow(stack, index, folded) {
  const place = outline(stack)[index];
  const isFolded = place?.role === "begin" && folded.has(stack[index].uid);
  return (isFolded ? place.end : index) + 1;
}

/**
 * The blocks around a row, the innermost first: the places of the rows that begin them.
 *
 * @param {Stack} stack
 * @param {number} index
 */
export function findAround(stack, index) {
  const places = outline(stack);
  const found = [];
  const own = places[index];
  if (!own) return [];
  if (own.role === "next" || own.role === "end") found.push(own.start);
  for (let { around } = own; around >= 0; around = places[around].around) found.push(around);
  return found;
}

/**
 * How many blocks are around what is put into a gap.
 *
 * @param {Stack} stack
 * @param {number} gap
 */
export function findDepth(stack, gap) {
  const below = outline(stack)[gap];
  if (!below) return 0;
  return below.role === "next" || below.role === "end" ? below.depth + 1 : below.depth;
}

/**
 * An address as text: [5, 1, 0] as "5.1.0".
 *
 * @param {readonly number[]} path
 */
export function pathText(path) {
  return path.join(".");
}

/**
 * "in branch 2 of block 5", or "" for what stands in no block.
 *
 * @param {Placed} place
 */
export function insideText({ path }) {
  if (path.length < 3) return "";
  return `in branch ${path[path.length - 2] + 1} of block ${pathText(path.slice(0, -2))}`;
}
