// One row of the stack. Nodes are made once for each uid and then only brought up to date, so that
// the input under the cursor is never replaced.

import { makeIcon } from "./icons.js";
import { findPart, makeButton, makeElement, setText } from "./elements.js";
import { KINDS } from "./kinds.js";
import { updateHints, updateProblem } from "./notes.js";
import { findField, isDefault, readArgument } from "./operations.js";
import { chipText, readText, sizeText, valueText } from "./values.js";

/** @import { Field, Hint, Layer, Numbers, Problem, RowNode, Value, Wrong } from "./types.js" */

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
 * @property {Problem | null} problem
 * @property {boolean} below  a layer above it does not fit
 * @property {Hint[]} hints
 * @property {boolean} hinted  its hints are shown
 */

// --- making a row --------------------------------------------------------------------------------

/**
 * @param {Layer} layer
 * @returns {RowNode}
 */
export function makeRow(layer) {
  const kind = KINDS[layer.kind];
  const shown = kind.fields.filter((field) => field.on_row);
  const grip = makeElement(
    "span",
    { class: "grip", title: "Drag to move  (Alt+↑, Alt+↓)" },
    makeIcon("grip"),
  );
  const name = makeElement(
    "span",
    { class: "kind", title: `${layer.kind}: ${kind.summary}` },
    layer.kind,
  );
  // A grid, as arrow keys go from row to row; what stands in its cells is reached by Tab.
  const line = makeElement(
    "div",
    { class: "line", role: "presentation" },
    grip,
    makeElement("span", { class: "index", role: "gridcell" }),
    makeElement("span", { class: "mark", "data-group": kind.group, "aria-hidden": "true" }),
    makeElement(
      "span",
      { class: "name", role: "gridcell" },
      name,
      makeElement("span", { class: "chips" }),
    ),
    makeElement("div", { class: "arguments", role: "gridcell" }, ...shown.map(makeField)),
    makeElement("span", { class: "shape", role: "gridcell" }),
    makeElement("span", { class: "sees", role: "gridcell" }),
    makeElement("span", { class: "params", role: "gridcell" }),
    makeElement(
      "span",
      { class: "actions", role: "gridcell" },
      ...makeActions(shown.length < kind.fields.length),
    ),
  );
  return makeElement(
    "div",
    { class: "row", role: "row", tabindex: "-1", "data-uid": layer.uid, "data-kind": layer.kind },
    line,
    makeElement("div", { class: "details", role: "gridcell", hidden: "" }),
    makeElement("div", { class: "hints", role: "gridcell", hidden: "" }),
    makeElement("div", {
      class: "problem",
      role: "gridcell",
      id: `problem-${layer.uid}`,
      "aria-live": "polite",
      hidden: "",
    }),
    makeElement(
      "div",
      { role: "gridcell" },
      makeButton("insert", "Insert a layer here", makeIcon("plus"), { class: "insert" }),
    ),
  );
}

/** @param {boolean} hasMore whether it has arguments that do not stand on the row */
function makeActions(hasMore) {
  const icon = { class: "icon" };
  const more = makeButton("more", "More arguments  (Space)", makeIcon("more"), {
    ...icon,
    "aria-expanded": "false",
  });
  return [
    ...(hasMore ? [more] : []),
    makeButton("insert", "Insert a layer below  ( / )", makeIcon("insert"), icon),
    makeButton("duplicate", "Duplicate  (Ctrl+D)", makeIcon("duplicate"), icon),
    makeButton("remove", "Delete  (Delete)", makeIcon("remove"), icon),
  ];
}

/** @param {Field} field */
function makeField(field) {
  const input = makeInput(field);
  input.name = input.dataset.field = field.name;
  const title = `${field.name}: ${field.help}`;
  const label = makeElement("span", { "aria-hidden": "true" }, field.name);
  return makeElement("label", { class: `field ${field.type} ${field.name}`, title }, label, input);
}

/** @param {Field} field */
function makeInput(field) {
  if (field.type === "bool") return makeElement("input", { type: "checkbox" });
  if (field.type === "choice") {
    const texts = (field.choices ?? []).map(String);
    return makeElement(
      "select",
      {},
      ...texts.map((text) => makeElement("option", { value: text }, text)),
    );
  }
  const input = makeElement("input", { type: "text", autocomplete: "off", spellcheck: "false" });
  if (!field.words.length && field.type !== "pair")
    input.inputMode = field.type === "float" ? "decimal" : "numeric";
  return input;
}

// --- bringing it up to date ----------------------------------------------------------------------

/**
 * Bring a row up to date. Most rows stay as they are, and all that is written to the page, even
 * what stands there already, delays the next number.
 *
 * @param {RowNode} row
 * @param {Layer} layer
 * @param {number} index
 * @param {View} view
 */
export function updateRow(row, layer, index, view) {
  const key = JSON.stringify([index, view]);
  if (row.drawn?.layer === layer && row.drawn.view === key && !view.wrong.size) return;
  row.drawn = view.wrong.size ? undefined : { layer, view: key };
  row.dataset.layerIndex = String(index);
  row.classList.toggle("selected", view.selected);
  row.classList.toggle("described", view.described);
  row.classList.toggle("chosen", view.chosen);
  row.classList.toggle("bad", view.problem !== null);
  row.classList.toggle("below", view.below);
  row.classList.toggle("waiting", view.waiting);
  row.tabIndex = view.selected ? 0 : -1;
  row.setAttribute("aria-selected", String(view.selected || view.chosen));
  setText(findPart(row, "index"), String(index));
  updateNumbers(row, layer, index, view);
  updateDetails(row, layer, view.open);
  const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (row.querySelectorAll("[data-field]"));
  for (const input of inputs) {
    input.ariaLabel = `Layer ${index}, ${layer.kind}, ${input.name}`;
    updateInput(input, layer, view.wrong.has(input.name));
  }
  updateChips(findPart(row, "chips"), layer);
  updateHints(row, layer, view);
  updateProblem(findPart(row, "problem"), layer, view.problem);
}

/**
 * @param {RowNode} row
 * @param {Layer} layer
 * @param {number} index
 * @param {View} view
 */
function updateNumbers(row, layer, index, { numbers, below, problem }) {
  const known = below ? undefined : numbers;
  const texts = known && {
    shape: sizeText(known.shape),
    sees: sizeText(known.sees),
    params: countText(known.params),
  };
  // A layer that does not fit has no numbers, nor has what follows; a row that Python has not yet
  // seen has none so far.
  const none = problem || below ? "–" : "";
  setText(findPart(row, "shape"), texts?.shape ?? none);
  setText(findPart(row, "sees"), texts?.sees ?? none);
  setText(findPart(row, "params"), texts?.params ?? none);
  const within = known && `${sizeText(known.within)} inside the image`;
  findPart(row, "sees").title = texts ? `Receptive field ${texts.sees} (${within})` : "";
  const said = texts
    ? `output ${texts.shape}, receptive field ${texts.sees}, ${texts.params} parameters`
    : problem?.message;
  row.setAttribute("aria-label", [`Layer ${index}`, layer.kind, said].filter(Boolean).join(", "));
}

/** @param {number} count */
function countText(count) {
  return count.toLocaleString("en-US");
}

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
    const hidden = KINDS[layer.kind].fields.filter((field) => !field.on_row);
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
