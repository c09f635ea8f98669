// What every row is put together of.

import { makeButton, makeElement } from "./elements.js";
import { makeIcon } from "./icons.js";

/** @import { Field, Layer, RowNode } from "./types.js" */

/** What rows are dragged by. */
export function makeGrip() {
  const title = "Drag to move  (Alt+↑, Alt+↓)";
  return makeElement("span", { class: "grip", title }, makeIcon("grip"));
}

/**
 * Put a row together. A grid, as arrow keys go from row to row; what stands in its cells is reached
 * by Tab.
 *
 * @param {Layer} layer
 * @param {object} parts
 * @param {HTMLElement} parts.grip
 * @param {HTMLElement} parts.mark
 * @param {HTMLElement[]} parts.name
 * @param {Field[]} parts.fields  those that stand on the row
 * @param {HTMLElement[]} parts.actions
 * @returns {RowNode}
 */
export function assembleRow(layer, { grip, mark, name, fields, actions }) {
  const line = makeElement(
    "div",
    { class: "line", role: "presentation" },
    grip,
    makeElement(
      "span",
      { class: "index", role: "gridcell" },
      makeElement("span", { class: "above" }),
      makeElement("span", { class: "own" }),
    ),
    mark,
    makeElement("span", { class: "name", role: "gridcell" }, ...name),
    makeElement("div", { class: "arguments", role: "gridcell" }, ...fields.map(makeField)),
    makeElement("span", { class: "shape", role: "gridcell" }),
    makeElement("span", { class: "sees", role: "gridcell" }),
    makeElement("span", { class: "params", role: "gridcell" }),
    makeElement("span", { class: "actions", role: "gridcell" }, ...actions),
  );
  return makeElement(
    "div",
    { class: "row", role: "row", tabindex: "-1", "data-uid": layer.uid, "data-kind": layer.kind },
    line,
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

/** What can be done with every layer and every block. */
export function makeUsualActions() {
  const icon = { class: "icon" };
  return [
    makeButton("insert", "Insert a layer below  ( / )", makeIcon("insert"), icon),
    makeButton("duplicate", "Duplicate  (Ctrl+D)", makeIcon("duplicate"), icon),
    makeButton("remove", "Delete  (Delete)", makeIcon("remove"), icon),
  ];
}

/** @param {Field} field */
export function makeField(field) {
  const input = makeInput(field);
  input.name = input.dataset.field = field.name;
  const title = `${field.name}: ${field.help}`;
  const label = makeElement("span", { "aria-hidden": "true" }, field.name);
  // "name" is what the layer's own name is found by.
  const own = field.type === "text" ? "words" : field.name;
  return makeElement("label", { class: `field ${field.type} ${own}`, title }, label, input);
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
  if (!field.words.length && field.type !== "pair" && field.type !== "text")
    input.inputMode = field.type === "float" ? "decimal" : "numeric";
  return input;
}
