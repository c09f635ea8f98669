// What can be done with blocks and their branches. Nothing here knows the page.
//
// As in operations.js, each gives a new list and leaves the old one as it is. Where something
// cannot be done it gives a sentence that says why.

import { BLOCK, END, NEXT, findBlock, findBranchOf, findBranches, findRows } from "./blocks.js";
import { MAX_BRANCHES } from "./kinds.js";
import { findPlace, makeUid } from "./operations.js";
import { counted } from "./words.js";

/** @import { Layer, Stack } from "./types.js" */

/**
 * The stack after a change, the row to select, and what to say.
 *
 * @typedef {{stack: Stack, selected: string | null, said: string}} Changed
 * @typedef {Changed | {refused: string}} Outcome
 */

export const NO_BLOCK = "Select a block, or a layer in one";

/**
 * Put layers and blocks that follow each other into the first branch of a new block, whose second
 * branch is empty.
 *
 * @param {Stack} stack
 * @param {string[]} uids  of siblings, in order
 * @param {string} merge
 * @param {string} said
 * @returns {Outcome}
 */
export function wrapInBlock(stack, uids, merge, said) {
  const rows = [...findRows(stack, uids)];
  if (!rows.length) return { refused: "Select the layers to put into a block" };
  const [first, last] = [rows[0], rows[rows.length - 1]];
  if (last - first + 1 !== rows.length) return { refused: "Select layers that follow each other" };
  const begin = { uid: makeUid(), kind: BLOCK, merge };
  return {
    stack: [
      ...stack.slice(0, first),
      begin,
      ...stack.slice(first, last + 1),
      makeRow(NEXT),
      makeRow(END),
      ...stack.slice(last + 1),
    ],
    selected: begin.uid,
    said,
  };
}

/**
 * Give a block another branch, which is empty.
 *
 * @param {Stack} stack
 * @param {string | null} uid  of any row of the block or in it
 * @returns {Outcome}
 */
export function addBranch(stack, uid) {
  const begin = findBlock(stack, findPlace(stack, uid));
  if (begin < 0) return { refused: NO_BLOCK };
  const branches = findBranches(stack, begin);
  if (branches.length >= MAX_BRANCHES)
    return { refused: `A block has at most ${MAX_BRANCHES} branches` };
  const end = branches[branches.length - 1].after;
  const next = makeRow(NEXT);
  return {
    stack: [...stack.slice(0, end), next, ...stack.slice(end)],
    selected: next.uid,
    said: `Branch ${branches.length + 1} added, which passes on what comes in`,
  };
}

/**
 * Remove the branch that a row stands in or begins. Of two branches the other one's layers then
 * stand in the block's place.
 *
 * @param {Stack} stack
 * @param {string | null} uid
 * @returns {Outcome}
 */
export function removeBranch(stack, uid) {
  const index = findPlace(stack, uid);
  const begin = findBlock(stack, index);
  if (begin < 0) return { refused: NO_BLOCK };
  const number = findBranchOf(stack, begin, index);
  if (number < 0) return { refused: "Select the branch to remove, or a layer in it" };
  const branches = findBranches(stack, begin);
  const said = `Branch ${number + 1} removed${contentText(stack, branches[number])}`;
  if (branches.length === 2) {
    const changed = keepOnly(stack, begin, 1 - number);
    return { ...changed, said: `${said}. The block had no other left, and is unwrapped` };
  }
  const { first, after } = branches[number];
  // Of the first branch the row that begins the next one goes, of others the one that begins it.
  const [from, to] = number ? [first - 1, after] : [first, after + 1];
  const rest = [...stack.slice(0, from), ...stack.slice(to)];
  return { stack: rest, selected: rest[number ? from - 1 : begin].uid, said };
}

/**
 * Put a block's layers in its place: those of the one branch that has any, else of the first.
 *
 * @param {Stack} stack
 * @param {string | null} uid  of any row of the block or in it
 * @returns {Outcome}
 */
export function unwrap(stack, uid) {
  const begin = findBlock(stack, findPlace(stack, uid));
  if (begin < 0) return { refused: NO_BLOCK };
  const branches = findBranches(stack, begin);
  const filled = branches.filter(({ first, after }) => after > first);
  const kept = Math.max(0, branches.indexOf(filled[0]));
  const lost = filled.slice(1).map((branch) => branches.indexOf(branch) + 1);
  const changed = keepOnly(stack, begin, kept);
  if (!lost.length) return { ...changed, said: "Block unwrapped" };
  const which = `branch${lost.length > 1 ? "es" : ""} ${listText(lost)}`;
  return {
    ...changed,
    said: `Block unwrapped: branch ${kept + 1} is kept, ${which} deleted. Undo brings all back`,
  };
}

/**
 * @param {Stack} stack
 * @param {number} begin
 * @param {number} number  of the branch whose layers take the block's place
 */
function keepOnly(stack, begin, number) {
  const branches = findBranches(stack, begin);
  const { first, after } = branches[number];
  const end = branches[branches.length - 1].after;
  const changed = [...stack.slice(0, begin), ...stack.slice(first, after), ...stack.slice(end + 1)];
  return { stack: changed, selected: (changed[begin] ?? changed.at(-1))?.uid ?? null };
}

/**
 * ", with 3 layers", or "" of an empty branch.
 *
 * @param {Stack} stack
 * @param {{first: number, after: number}} branch
 */
function contentText(stack, { first, after }) {
  const inside = stack.slice(first, after);
  const count = inside.filter(({ kind }) => ![BLOCK, NEXT, END].includes(kind)).length;
  return count ? `, with ${counted(count, "layer")}` : "";
}

/** @param {number[]} numbers */
function listText(numbers) {
  return new Intl.ListFormat("en").format(numbers.map(String));
}

/**
 * @param {string} kind
 * @returns {Layer}
 */
function makeRow(kind) {
  return { uid: makeUid(), kind };
}
