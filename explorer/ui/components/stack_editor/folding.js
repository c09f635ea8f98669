// Blocks that are folded to one line. That is a view of the stack and no part of it: neither Python
// nor undo knows of it.

import { BLOCK, findAround } from "./blocks.js";
import { findPlace } from "./operations.js";

/** @import { Editor, Stack } from "./types.js" */

const MANY = 40; // rows, with more of which a stack begins with its blocks folded

/**
 * The blocks to fold when a stack is opened.
 *
 * @param {Stack} stack
 * @returns {string[]}
 */
export function findFoldedFirst(stack) {
  return stack.length > MANY ? findBlocks(stack) : [];
}

/**
 * All blocks, by the uids of the rows that begin them.
 *
 * @param {Stack} stack
 */
export function findBlocks(stack) {
  return stack.filter(({ kind }) => kind === BLOCK).map(({ uid }) => uid);
}

/**
 * Unfold the blocks that hide a row.
 *
 * @param {Editor} editor
 * @param {string | null | undefined} uid
 */
export function reveal({ stack, folded }, uid) {
  if (!folded.size || !uid) return;
  for (const begin of findAround(stack, findPlace(stack, uid))) folded.delete(stack[begin].uid);
}

/**
 * The row that stands for this one on the page: itself, or the outermost folded block that hides
 * it.
 *
 * @param {Editor} editor
 * @param {string} uid
 */
export function findShown({ stack, folded }, uid) {
  const around = findAround(stack, findPlace(stack, uid));
  const hiding = around.filter((begin) => folded.has(stack[begin].uid)).at(-1);
  return hiding === undefined ? uid : stack[hiding].uid;
}
