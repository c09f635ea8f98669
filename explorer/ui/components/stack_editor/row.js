// One row of the stack. Nodes are made once for each uid and then only brought up to date, so that
// the input under the cursor is never replaced. What is special about a block's own rows stands in
// block_row.js.

import { makeBlockRow, sayBlockRow, updateBlockRow } from "./block_row.js";
import { insideText, pathText } from "./blocks.js";
import { findPart, makeButton, makeElement, setText } from "./elements.js";
import { makeIcon } from "./icons.js";
import { KINDS } from "./kinds.js";
import { UNKNOWN, sayNumbers, withoutSecrets } from "./lesson.js";
import { updateHints, updateProblem } from "./notes.js";
import { findField, findKind, isDefault, readArgument } from "./operations.js";
import { assembleRow, makeField, makeGrip, makeUsualActions } from "./row_parts.js";
import { chipText, readText, sizeText, valueText } from "./values.js";

/** @import { BlockView } from "./block_row.js" */
/** @import { Field, Hint, Layer, Numbers, Placed, Problem, RowNode, Value } from "./types.js" */
/** @import { Wrong } from "./types.js" */
/** @import { Secret } from "./lesson.js" */

/**
 * What the editor knows of a row.
 *
 * @typedef {object} View
 * @property {Map<string, Wrong>} wrong  texts that are no values, by argument
 * @property {boolean} waiting  its numbers are old, and an answer takes long
 * @property {boolean} selected
 * @property {boolean} described  the panel beside tells of it, though no row is selected
 * @property {boolean} chosen  it is one of several
 * @property {boolean} open  its details are shown
 * @property {Numbers | undefined} numbers
 * @property {Secret | null} secret  what of them is to be guessed first
 * @property {Problem | null} problem
 * @property {boolean} below  a layer above it does not fit
 * @property {Hint[]} hints
 * @property {boolean} hinted  its hints are shown
 * @property {boolean} held  it is in a block that is selected
 * @property {BlockView | null} block  of a block's own rows
 */

// --- making a row --------------------------------------------------------------------------------

/**
 * @param {Layer} layer
 * @returns {RowNode}
 */
export function makeRow(layer) {
  const kind = KINDS[layer.kind];
  if (!kind) return makeBlockRow(layer);
  const shown = kind.fields.filter((field) => field.on_row);
  const name = makeElement(
    "span",
    { class: "kind", title: `${layer.kind}: ${kind.summary}` },
    layer.kind,
  );
  const row = assembleRow(layer, {
    grip: makeGrip(),
    mark: makeElement("span", { class: "mark", "data-group": kind.group, "aria-hidden": "true" }),
    name: [name, makeElement("span", { class: "chips" })],
    fields: shown,
    actions: makeActions(shown.length < kind.fields.length),
  });
  row
    .querySelector(".line")
    ?.after(makeElement("div", { class: "details", role: "gridcell", hidden: "" }));
  return row;
}

/** @param {boolean} hasMore whether it has arguments that do not stand on the row */
function makeActions(hasMore) {
  const icon = { class: "icon" };
  const more = makeButton("more", "More arguments  (Space)", makeIcon("more"), {
    ...icon,
    "aria-expanded": "false",
  });
  return [...(hasMore ? [more] : []), ...makeUsualActions()];
}

// --- bringing it up to date ----------------------------------------------------------------------

/**
 * Bring a row up to date. Most rows stay as they are, and all that is written to the page, even
 * what stands there already, delays the next number.
 *
 * @param {RowNode} row
 * @param {Layer} layer
 * @param {Placed} place
 * @param {View} view
 */
export function updateRow(row, layer, place, view) {
  const key = `${place.path} ${place.branch} ${JSON.stringify(view)}`;
  if (row.drawn?.layer === layer && row.drawn.view === key && !view.wrong.size) return;
  row.drawn = view.wrong.size ? undefined : { layer, view: key };
  const isOfBlock = view.block !== null;
  row.classList.toggle("selected", view.selected);
  row.classList.toggle("described", view.described);
  row.classList.toggle("chosen", view.chosen);
  row.classList.toggle("held", view.held);
  row.classList.toggle("bad", view.problem !== null);
  row.classList.toggle("below", view.below);
  row.classList.toggle("waiting", view.waiting);
  row.tabIndex = view.selected ? 0 : -1;
  row.setAttribute("aria-selected", String(view.selected || view.chosen));
  updatePlace(row, place);
  updateNumbers(row, layer, place, view);
  if (!isOfBlock) updateDetails(row, layer, view.open);
  const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (row.querySelectorAll("[data-field]"));
  for (const input of inputs) {
    const whose = isOfBlock ? "Block" : "Layer";
    const name = isOfBlock ? input.name : `${layer.kind}, ${input.name}`;
    input.ariaLabel = `${whose} ${pathText(place.path)}, ${name}`;
    updateInput(input, layer, view.wrong.has(input.name));
  }
  if (view.block) updateBlockRow(row, place, view.block);
  else updateChips(findPart(row, "chips"), layer);
  updateHints(row, layer, view);
  updateProblem(findPart(row, "problem"), layer, view.problem);
}

/**
 * Give a row the address that it is found by. The rows that divide and end a block have none.
 *
 * @param {RowNode} row
 * @param {Placed} place
 */
export function markPlace(row, { role, path }) {
  if (role !== "layer" && role !== "begin") return;
  const address = pathText(path);
  if (row.dataset.layerIndex !== address) row.dataset.layerIndex = address;
}

/**
 * Show where a row stands: its address, and how far it is indented.
 *
 * @param {RowNode} row
 * @param {Placed} place
 */
function updatePlace(row, { role, path, depth }) {
  const isNode = role === "layer" || role === "begin";
  const above = isNode && path.length > 1 ? `${pathText(path.slice(0, -1))}.` : "";
  setText(findPart(row, "above"), above);
  setText(findPart(row, "own"), isNode ? String(path[path.length - 1]) : "");
  if (row.dataset.depth !== String(depth)) {
    row.dataset.depth = String(depth);
    row.style.setProperty("--depth", String(depth));
    row.classList.toggle("nested", depth > 0);
  }
  row.ariaLevel = String(depth + (isNode ? 1 : 2));
}

/**
 * @param {RowNode} row
 * @param {Layer} layer
 * @param {Placed} place
 * @param {View} view
 */
function updateNumbers(row, layer, place, { numbers, secret, below, problem, block }) {
  const known = below ? undefined : numbers;
  const texts = known && withoutSecrets(numberTexts(known), secret);
  // A layer that does not fit has no numbers, nor has what follows; a row that Python has not yet
  // seen has none so far.
  const hasNumbers = block === null || block.hasNumbers;
  const none = hasNumbers && (problem || below) ? "–" : "";
  setText(findPart(row, "shape"), texts?.shape ?? none);
  setText(findPart(row, "sees"), texts?.sees ?? none);
  setText(findPart(row, "params"), texts?.params ?? none);
  const within = known && `${sizeText(known.within)} inside the image`;
  const isToldOf = texts && texts.sees !== UNKNOWN;
  findPart(row, "sees").title = isToldOf ? `Receptive field ${texts.sees} (${within})` : "";
  const said = texts ? sayNumbers(texts) : problem?.message;
  const named = block
    ? sayBlockRow(place, block)
    : [`Layer ${pathText(place.path)}`, layer.kind, insideText(place)];
  row.setAttribute("aria-label", [...named, said].filter(Boolean).join(", "));
}

/** @param {Numbers} numbers */
function numberTexts({ shape, sees, params }) {
  return {
    shape: sizeText(shape),
    sees: sizeText(sees),
    params: params === null ? "–" : ENGLISH.format(params),
  };
}

// Made once: a number's own toLocaleString makes one each time.
const ENGLISH = new Intl.NumberFormat("en-US");

/**
 * Show or hide the details, which are made when they are first opened: most rows never are.
 *
 * @param {RowNode} row
 * @param {Layer} layer
 * @param {boolean} open
 */
function updateDetails(row, layer, open) {
  const details = findPart(row, "details");
  if (open && !details.childElementCount) {
    const hidden = findKind(layer).fields.filter((field) => !field.on_row);
    details.append(...hidden.map(makeField));
  }
  details.hidden = !open;
  row.querySelector(".actions [data-do=more]")?.setAttribute("aria-expanded", String(open));
}

/**
 * Show arguments that are not drawn on the row and not at their default, in small print under the
 * layer's name.
 *
 * @param {HTMLElement} chips
 * @param {Layer} layer
 */
function updateChips(chips, layer) {
  const changed = KINDS[layer.kind].fields.filter(
    (field) => !field.on_row && !isDefault(layer, field),
  );
  const texts = changed.map((field) => chipText(layer, field));
  if (chips.dataset.texts === texts.join("|")) return;
  chips.dataset.texts = texts.join("|");
  chips.replaceChildren(
    ...texts.map((text) => makeButton("more", `${text}: show or hide`, text, { class: "chip" })),
  );
}

/**
 * @param {HTMLInputElement} input
 * @param {Layer} layer
 * @param {boolean} isWrong
 */
function updateInput(input, layer, isWrong) {
  const field = /** @type {Field} */ (findField(layer, input.name));
  const value = readArgument(layer, field);
  input.setAttribute("aria-invalid", String(isWrong));
  if (isWrong) input.setAttribute("aria-describedby", `problem-${layer.uid}`);
  else input.removeAttribute("aria-describedby");
  if (isWrong) return; // what stands there is what the person typed
  if (field.type === "bool") input.checked = Boolean(value);
  else if (field.type === "choice") input.value = String(value);
  else {
    input.placeholder = emptyText(layer, field);
    if (!meansValue(input.value, value, field)) input.value = valueText(value);
  }
}

/**
 * What an empty input stands for: another argument's value, or a word.
 *
 * @param {Layer} layer
 * @param {Field} field
 */
function emptyText(layer, field) {
  const other = findField(layer, field.empty ?? "");
  return other ? valueText(readArgument(layer, other)) : (field.empty ?? "");
}

/**
 * Whether a text means the value, as "3x5" and "3×5" do: what is typed is left as it is.
 *
 * @param {string} text
 * @param {Value} value
 * @param {Field} field
 */
function meansValue(text, value, field) {
  const read = readText(text, field);
  return "value" in read && valueText(read.value) === valueText(value);
}
