// A block's own rows: the one that begins it, which is all of it that is drawn while it is folded,
// those between its branches, and the one that ends it, where its branches are merged.

import { BLOCK, NEXT, insideText, pathText } from "./blocks.js";
import { findPart, makeButton, makeElement, setText } from "./elements.js";
import { makeIcon } from "./icons.js";
import { BRANCHES } from "./kinds.js";
import { assembleRow, makeGrip, makeUsualActions } from "./row_parts.js";

/** @import { Layer, Placed, RowNode } from "./types.js" */

/**
 * What the editor knows of one of a block's own rows.
 *
 * @typedef {object} BlockView
 * @property {string} name  that somebody gave it, or ""
 * @property {string} title  what it is: "Residual"
 * @property {string} inside  "2 convolutions"
 * @property {string} merge
 * @property {number} branches  how many
 * @property {boolean} isFolded
 * @property {boolean} isEmpty  the branch that begins here has no layers
 * @property {boolean} hasNumbers  the merge's stand here
 */

const PASSES_ON = "passes on what comes in";

/**
 * @param {Layer} layer
 * @returns {RowNode}
 */
export function makeBlockRow(layer) {
  if (layer.kind === BLOCK) return makeBeginRow(layer);
  return layer.kind === NEXT ? makeNextRow(layer) : makeEndRow(layer);
}

/** @param {Layer} layer */
function makeBeginRow(layer) {
  const row = assembleRow(layer, {
    grip: makeGrip(),
    mark: makeElement(
      "span",
      { class: "fold-cell", role: "gridcell" },
      makeButton("fold", "Fold  (←)", makeIcon("fold"), { class: "fold" }),
    ),
    name: [makeTitle(`Block: ${BRANCHES.summary}`), makeElement("span", { class: "inside" })],
    fields: BRANCHES.fields,
    actions: makeUsualActions(),
  });
  row.classList.add("begin");
  const first = makeElement("div", { class: "branch", role: "gridcell" }, ...makeBranchWords());
  row.querySelector(".line")?.after(first);
  return row;
}

/** @param {Layer} layer */
function makeNextRow(layer) {
  const icon = { class: "icon" };
  const row = assembleRow(layer, {
    grip: makeElement("span"),
    mark: makeElement("span", { class: "joint", "aria-hidden": "true" }),
    name: makeBranchWords(),
    fields: [],
    actions: [
      makeButton("insert", "Insert a layer into this branch  ( / )", makeIcon("insert"), icon),
      makeButton("removeBranch", "Remove this branch  (Shift+Delete)", makeIcon("remove"), icon),
    ],
  });
  row.classList.add("next");
  return row;
}

/** @param {Layer} layer */
function makeEndRow(layer) {
  const icon = { class: "icon" };
  const row = assembleRow(layer, {
    grip: makeElement("span"),
    mark: makeElement("span", { class: "merge-mark", "aria-hidden": "true" }),
    name: [makeTitle("Where the branches come together"), makeElement("span", { class: "inside" })],
    fields: [],
    actions: [
      makeButton("addBranch", "Add a branch  (Shift+B)", makeIcon("branch"), icon),
      makeButton("insert", "Insert a layer below the block  ( / )", makeIcon("insert"), icon),
    ],
  });
  row.classList.add("end-of-block");
  return row;
}

/**
 * A name beside which a hint's mark may stand.
 *
 * @param {string} title
 */
function makeTitle(title) {
  return makeElement("span", { class: "kind", title }, makeElement("span", { class: "title" }));
}

/** "Branch 2", and what it does where it has no layers. */
function makeBranchWords() {
  return [
    makeElement("span", { class: "kind branch-name" }),
    makeElement("span", { class: "identity" }),
  ];
}

/**
 * @param {RowNode} row
 * @param {Placed} place
 * @param {BlockView} block
 */
export function updateBlockRow(row, { role, branch }, block) {
  if (role === "begin") {
    row.classList.toggle("folded", block.isFolded);
    row.ariaExpanded = String(!block.isFolded);
    // Where the block is unfolded, its name stands in an input beside what it is.
    const isNamed = block.isFolded && block.name !== "";
    setText(findPart(row, "title"), isNamed ? block.name : block.title);
    const words = [...(isNamed ? [block.title] : []), ...(block.isFolded ? [block.inside] : [])];
    setText(findPart(row, "inside"), words.join(" · "));
    const fold = findPart(row, "fold");
    fold.title = fold.ariaLabel = block.isFolded ? "Unfold  (→)" : "Fold  (←)";
    findPart(row, "branch").hidden = block.isFolded;
  }
  if (role === "end") {
    setText(findPart(row, "title"), block.merge);
    setText(findPart(row, "inside"), `${block.branches} branches`);
    const mark = findPart(row, "merge-mark");
    if (mark.dataset.merge !== block.merge) {
      mark.dataset.merge = block.merge;
      mark.replaceChildren(makeIcon(`merge-${block.merge}`));
    }
    return;
  }
  setText(findPart(row, "branch-name"), `Branch ${branch + 1}`);
  setText(findPart(row, "identity"), block.isEmpty ? PASSES_ON : "");
}

/**
 * The row in words, as a list.
 *
 * @param {Placed} place
 * @param {BlockView} block
 */
export function sayBlockRow(place, block) {
  const path = pathText(place.path);
  const passesOn = block.isEmpty ? PASSES_ON : "";
  if (place.role === "next") return [`Branch ${place.branch + 1} of block ${path}`, passesOn];
  const merged = `${block.merge} of ${block.branches} branches`;
  if (place.role === "end") return [`End of block ${path}`, merged];
  const first = passesOn && !block.isFolded ? `branch 1 ${passesOn}` : "";
  return [
    `Block ${path}`,
    block.name,
    block.title,
    merged,
    insideText(place),
    block.isFolded ? `folded, ${block.inside}` : first,
  ];
}
