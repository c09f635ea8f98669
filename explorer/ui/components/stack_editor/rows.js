// Part 4 of the stack editor: one row. Nodes are made once for each uid and then only brought up to date, so that the
// input under the cursor is never replaced.

import { KINDS } from "./kinds.js";
import { argument, isDefault } from "./stack.js";
import { chipText, readText, textOf } from "./values.js";

// The shapes of each icon: an SVG element and its attributes. They are made node by node, as all of this editor is:
// markup that is parsed could hold somebody's text.
const ICONS = {
  grip: [
    ["path", { d: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01", "stroke-width": "2" }],
  ],
  plus: [["path", { d: "M8 3.5v9M3.5 8h9" }]],
  insert: [["path", { d: "M3 3h10M8 6.5v6.5M4.8 9.8h6.4" }]],
  duplicate: [
    ["rect", { x: "5.5", y: "5.5", width: "7.5", height: "7.5", rx: "1.5" }],
    ["path", { d: "M3 10.3V4.2C3 3.5 3.5 3 4.2 3h6.1" }],
  ],
  remove: [["path", { d: "M4 4l8 8M12 4l-8 8" }]],
  more: [
    ["path", { d: "M3 5h10M3 11h10" }],
    ["circle", { cx: "6", cy: "5", r: "1.6" }],
    ["circle", { cx: "10", cy: "11", r: "1.6" }],
  ],
  undo: [["path", { d: "M5.5 3L2.5 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6" }]],
  redo: [["path", { d: "M10.5 3l3 3-3 3M13 6H6.5a3.5 3.5 0 0 0 0 7H10" }]],
  up: [["path", { d: "M8 13V3.5M4.5 7L8 3.5 11.5 7" }]],
  down: [["path", { d: "M8 3v9.5M4.5 9L8 12.5 11.5 9" }]],
  keys: [
    ["rect", { x: "1.5", y: "4", width: "13", height: "8.5", rx: "1.5" }],
    ["path", { d: "M4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 10h6" }],
  ],
};

export function icon(name) {
  const drawing = svgNode("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
  drawing.append(...ICONS[name].map(([tag, attributes]) => svgNode(tag, attributes)));
  return drawing;
}

function svgNode(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// `content` is a node or a text, which is shown as it stands.
function button(what, label, content, attributes = {}) {
  const node = element("button", { type: "button", "data-do": what, "aria-label": label, title: label, tabindex: "-1", ...attributes });
  node.append(content);
  return node;
}

// Writing a text that is there already would cost a layout; most rows do not change.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function makeRow(layer) {
  const kind = KINDS[layer.kind];
  const shown = kind.fields.filter((field) => field.on_row);
  const grip = element("span", { class: "grip", title: "Drag to move  (Alt+↑, Alt+↓)" });
  grip.append(icon("grip"));
  const line = element(
    "div",
    { class: "line" },
    grip,
    element("span", { class: "index" }),
    element("span", { class: "mark", "data-group": kind.group }),
    element("span", { class: "name" }, element("span", { class: "kind", title: `${layer.kind}: ${kind.summary}` }, layer.kind), element("span", { class: "chips" })),
    element("div", { class: "arguments" }, ...shown.map((field) => makeField(layer, field))),
    element("span", { class: "shape" }),
    element("span", { class: "sees" }),
    element("span", { class: "params" }),
    element(
      "span",
      { class: "actions" },
      ...(shown.length < kind.fields.length ? [button("more", "More arguments  (Space)", icon("more"), { class: "icon", "aria-expanded": "false" })] : []),
      button("insert", "Insert a layer below  ( / )", icon("insert"), { class: "icon" }),
      button("duplicate", "Duplicate  (Ctrl+D)", icon("duplicate"), { class: "icon" }),
      button("remove", "Delete  (Delete)", icon("remove"), { class: "icon" }),
    ),
  );
  const row = element(
    "div",
    { class: "row", role: "listitem", tabindex: "-1", "data-uid": layer.uid, "data-kind": layer.kind },
    line,
    element("div", { class: "details", hidden: "" }),
    element("div", { class: "hints", hidden: "" }),
    element("div", { class: "problem", id: `problem-${layer.uid}`, "aria-live": "polite", hidden: "" }),
    button("insert", "Insert a layer here", icon("plus"), { class: "insert" }),
  );
  return row;
}

function makeField(layer, field) {
  const name = { name: field.name, "aria-label": `${layer.kind} ${field.name}`, "data-field": field.name };
  let input;
  if (field.type === "bool") {
    input = element("input", { type: "checkbox", ...name });
  } else if (field.type === "choice") {
    input = element("select", name, ...field.choices.map((choice) => element("option", { value: String(choice) }, String(choice))));
  } else {
    input = element("input", { type: "text", autocomplete: "off", spellcheck: "false", ...name });
    if (!field.words.length && field.type !== "pair") input.inputMode = field.type === "float" ? "decimal" : "numeric";
  }
  return element("label", { class: `field ${field.type} ${field.name}`, title: `${field.name}: ${field.help}` }, element("span", {}, field.name), input);
}

export function fieldOf(layer, name) {
  return KINDS[layer.kind].fields.find((field) => field.name === name);
}

// Bring a row up to date. `view` is what the editor knows of it: see viewOf in editor.js. Most rows stay as they are, and
// all that is written to the page, even what stands there already, delays the next number.
export function updateRow(row, layer, index, view) {
  const key = JSON.stringify([index, view]);
  if (row.layer === layer && row.view === key && !view.wrong.size) return;
  row.layer = layer;
  row.view = view.wrong.size ? null : key;
  const part = (name) => row.querySelector(`.${name}`);
  row.dataset.layerIndex = index;
  row.classList.toggle("selected", view.selected);
  row.classList.toggle("described", view.described);
  row.classList.toggle("chosen", view.chosen);
  row.classList.toggle("bad", Boolean(view.problem));
  row.classList.toggle("below", view.below);
  row.classList.toggle("waiting", view.waiting);
  row.tabIndex = view.selected ? 0 : -1;
  row.setAttribute("aria-current", String(view.selected));
  setText(part("index"), String(index));
  updateNumbers(row, layer, index, view);
  updateDetails(row, layer, view.open);
  for (const input of row.querySelectorAll("[data-field]")) updateInput(input, layer, view.wrong.get(input.name));
  updateChips(part("chips"), layer);
  updateHints(row, layer, view);
  updateProblem(part("problem"), layer, view.problem);
}

function updateNumbers(row, layer, index, { numbers, below, problem }) {
  const known = numbers && !below;
  // A layer that does not fit has no numbers, nor has what follows; a row that Python has not yet seen has none so far.
  const none = problem || below ? "–" : "";
  setText(row.querySelector(".shape"), known ? numbers.shape : none);
  setText(row.querySelector(".sees"), known ? numbers.sees : none);
  setText(row.querySelector(".params"), known ? numbers.params.toLocaleString("en-US") : none);
  const sees = row.querySelector(".sees");
  sees.title = known ? `Receptive field ${numbers.sees}; inside the image one value sees up to ${numbers.within} pixels` : "";
  const said = known ? `, output ${numbers.shape}, sees ${numbers.sees}, ${numbers.params} parameters` : problem ? `, ${problem.message}` : "";
  row.setAttribute("aria-label", `Layer ${index}, ${layer.kind}${said}`);
}

// The details are made when they are first opened: most rows never are.
function updateDetails(row, layer, open) {
  const details = row.querySelector(".details");
  if (open && !details.childElementCount) {
    details.append(...KINDS[layer.kind].fields.filter((field) => !field.on_row).map((field) => makeField(layer, field)));
  }
  details.hidden = !open;
  row.querySelector(".actions [data-do=more]")?.setAttribute("aria-expanded", String(open));
}

// Arguments that are not drawn on the row and not at their default, in small print under the layer's name.
function updateChips(chips, layer) {
  const texts = KINDS[layer.kind].fields.filter((field) => !field.on_row && !isDefault(layer, field)).map((field) => chipText(layer, field));
  if (chips.dataset.texts === texts.join("|")) return;
  chips.dataset.texts = texts.join("|");
  chips.replaceChildren(...texts.map((text) => button("more", `${text}: show or hide`, text, { class: "chip" })));
}

function updateInput(input, layer, wrong) {
  const field = fieldOf(layer, input.name);
  const value = argument(layer, field);
  input.setAttribute("aria-invalid", String(Boolean(wrong)));
  if (wrong) input.setAttribute("aria-describedby", `problem-${layer.uid}`);
  else input.removeAttribute("aria-describedby");
  if (wrong) return; // what stands there is what the person typed
  if (field.type === "bool") input.checked = value;
  else if (field.type === "choice") input.value = String(value);
  else {
    input.placeholder = emptyText(layer, field);
    if (!sameText(input.value, value, field)) input.value = textOf(value);
  }
}

// What an empty input stands for: another argument's value, or a word.
function emptyText(layer, field) {
  const other = fieldOf(layer, field.empty);
  return other ? textOf(argument(layer, other)) : (field.empty ?? "");
}

// "3x5" and "3×5" say the same: leave what is typed while it means the value.
function sameText(text, value, field) {
  const read = readText(text, field);
  return "value" in read && textOf(read.value) === textOf(value);
}

function updateProblem(node, layer, problem) {
  node.hidden = !problem;
  if (!problem) return;
  const text = [problem.message, problem.remedy, problem.otherwise?.remedy].filter(Boolean).join(" — ");
  if (node.dataset.text === text && node.dataset.mend === String(Boolean(problem.mend))) return;
  node.dataset.text = text;
  node.dataset.mend = String(Boolean(problem.mend));
  node.replaceChildren(element("span", { class: "message" }, sentence(problem.message, layer)));
  if (problem.remedy) node.append(element("span", { class: "remedy" }, sentence(problem.remedy, layer)));
  if (problem.mend) node.append(button("mend", `Apply fix: ${problem.remedy}`, "Apply fix", { class: "mend" }));
  const other = problem.otherwise; // another remedy, as good
  if (other) node.append(button("otherwise", `Apply fix: ${other.remedy}`, `Or ${other.remedy}`, { class: "mend" }));
}

// A small i behind the name; what it stands for in full only under the row that is looked at.
function updateHints(row, layer, { hints, hinted, problem, below }) {
  const texts = problem || below ? [] : hints.map((hint) => sentence(hint.message, layer));
  const node = row.querySelector(".hints");
  const kind = row.querySelector(".kind");
  node.hidden = !(hinted && texts.length);
  if (node.dataset.texts === texts.join("|")) return;
  node.dataset.texts = texts.join("|");
  kind.querySelector(".hint-mark")?.remove();
  if (texts.length) kind.append(element("span", { class: "hint-mark", role: "img", "aria-label": `Hint: ${texts.join(" ")}`, title: texts.join("\n") }, "i"));
  node.replaceChildren(...texts.map((text, index) => makeHint(text, hints[index], index)));
}

function makeHint(text, hint, index) {
  const line = element("p", {}, text);
  if (hint.mend) line.append(" ", button("heed", `Apply: ${text}`, "Apply", { class: "heed", "data-hint": index }));
  return line;
}

// Argument names keep their small letter.
function sentence(text, layer) {
  const [first] = text.split(/[\s=]/, 1);
  return `${fieldOf(layer, first) ? text[0] : text[0].toUpperCase()}${text.slice(1)}.`;
}
