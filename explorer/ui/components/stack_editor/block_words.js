// What a block is, in a teacher's words.

import { BLOCK, END, NEXT, findBranches, outline } from "./blocks.js";
import { KINDS } from "./kinds.js";
import { counted } from "./words.js";

/** @import { Layer, Stack } from "./types.js" */

/** How each merge is shown where it stands alone. */
const MERGED = { add: "Sum", concat: "Concat", multiply: "Product" };

/**
 * The name that somebody gave a block; "" where nobody did.
 *
 * @param {Layer} row  that begins it
 */
export function givenName({ name }) {
  return typeof name === "string" ? name.trim() : "";
}

/**
 * "Residual", "Concat of 4 branches", "Gate".
 *
 * @param {Stack} stack
 * @param {number} begin
 */
export function nameBlock(stack, begin) {
  const { merge } = stack[begin];
  const branches = findBranches(stack, begin).map(({ first, after }) => stack.slice(first, after));
  const others = branches.filter((branch) => branch.length);
  const hasEmpty = others.length < branches.length;
  if (merge === "add" && branches.length === 2 && branches.some(isProjection)) return "Residual";
  if (merge === "multiply" && hasEmpty && others.length === 1)
    return isSqueeze(others[0][0]) ? "Squeeze-and-excitation" : "Gate";
  const merged = MERGED[/** @type {keyof typeof MERGED} */ (merge)] ?? "Block";
  return `${merged} of ${branches.length} branches`;
}

/**
 * What is inside a block: "2 convolutions", or its layers where it has none of these.
 *
 * @param {Stack} stack
 * @param {number} begin
 */
export function contentWords(stack, begin) {
  const inside = stack
    .slice(begin + 1, outline(stack)[begin].end)
    .filter(({ kind }) => ![BLOCK, NEXT, END].includes(kind));
  const convolutions = inside.filter(({ kind }) => KINDS[kind]?.group === "Convolution").length;
  if (convolutions) return counted(convolutions, "convolution");
  if (!inside.length) return "empty";
  return counted(inside.length, "layer");
}

/**
 * Whether a branch is a skip: it passes on what comes in, or only fits its channels and size.
 *
 * @param {Stack} branch
 */
function isProjection(branch) {
  const [first, second] = branch;
  if (!first) return true;
  const isFitting = first.kind === "Conv2d" && String(first.kernel_size) === "1";
  const isAlone = branch.length === 1 || (branch.length === 2 && second.kind === "BatchNorm2d");
  return isFitting && isAlone;
}

/**
 * Whether a branch that begins with this layer squeezes each map into one value.
 *
 * @param {Layer} first
 */
function isSqueeze(first) {
  return first.kind === "AdaptiveAvgPool2d" && String(first.output_size) === "1";
}
