// Stacks for the tests, written as text: a letter is a layer of that uid, "[" begins a block, "|"
// its next branch, "]" ends it. "a[bc|]d" is a, a block whose first branch is b and c and whose
// second is empty, and d. The rows of blocks are called "[0", "|0", "]0", … in the text's order.

/** @import { Layer, Stack } from "../../explorer/ui/components/stack_editor/types.js" */

/** @type {Record<string, string>} */
const KINDS = { "[": "Branches", "|": "Next", "]": "End" };
/** @type {Record<string, string>} */
const SIGNS = { Branches: "[", Next: "|", End: "]" };

/**
 * @param {string} text
 * @returns {Stack}
 */
export function readTree(text) {
  /** @type {Record<string, number>} */
  const counts = {};
  return Object.freeze(
    [...text].map((sign) => {
      if (!(sign in KINDS)) return Object.freeze({ uid: sign, kind: "ReLU" });
      counts[sign] = (counts[sign] ?? -1) + 1;
      const merge = sign === "[" ? { merge: "add" } : {};
      return /** @type {Layer} */ (
        Object.freeze({ uid: `${sign}${counts[sign]}`, kind: KINDS[sign], ...merge })
      );
    }),
  );
}

/**
 * The text of a stack; "+" is a layer that it was not read with.
 *
 * @param {Stack} stack
 */
export function writeTree(stack) {
  return stack.map(({ uid, kind }) => SIGNS[kind] ?? (uid.length === 1 ? uid : "+")).join("");
}
