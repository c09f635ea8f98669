// What stands under a row: what is wrong with its layer, or worth knowing of it.

import { findPart, makeButton, makeElement } from "./elements.js";
import { findField } from "./operations.js";

/** @import { Hint, Layer, Problem } from "./types.js" */

/**
 * @param {HTMLElement} node
 * @param {Layer} layer
 * @param {Problem | null} problem
 */
export function updateProblem(node, layer, problem) {
  node.hidden = !problem;
  if (!problem) return;
  const { message, remedy, fix, alternative, isInside } = problem;
  const drawn = JSON.stringify([message, remedy, Boolean(fix), alternative?.remedy, isInside]);
  if (node.dataset.drawn === drawn) return;
  node.dataset.drawn = drawn;
  node.replaceChildren(makeElement("span", { class: "message" }, sentence(message, layer)));
  if (remedy) node.append(makeElement("span", { class: "remedy" }, sentence(remedy, layer)));
  if (isInside)
    node.append(makeButton("showProblem", "Show what does not fit", "Show", { class: "fix" }));
  if (fix) node.append(makeButton("fix", `Apply fix: ${remedy}`, "Apply fix", { class: "fix" }));
  if (alternative) {
    node.append(
      makeButton(
        "alternative",
        `Or ${alternative.remedy}, as another fix`,
        `Or ${alternative.remedy}`,
        {
          class: "fix",
        },
      ),
    );
  }
}

/**
 * Show a small i behind the name; what it stands for in full only under the row that is looked at.
 *
 * @param {HTMLElement} row
 * @param {Layer} layer
 * @param {{hints: Hint[], hinted: boolean, problem: Problem | null, below: boolean}} view
 */
export function updateHints(row, layer, { hints, hinted, problem, below }) {
  const texts = problem || below ? [] : hints.map((hint) => sentence(hint.message, layer));
  const node = findPart(row, "hints");
  node.hidden = !(hinted && texts.length);
  if (node.dataset.texts === texts.join("|")) return;
  node.dataset.texts = texts.join("|");
  const kind = findPart(row, "kind");
  kind.querySelector(".hint-mark")?.remove();
  if (texts.length) {
    const label = {
      role: "img",
      "aria-label": `Hint: ${texts.join(" ")}`,
      title: texts.join("\n"),
    };
    kind.append(makeElement("span", { class: "hint-mark", ...label }, "i"));
  }
  node.replaceChildren(...texts.map((text, index) => makeHint(text, hints[index], index)));
}

/**
 * @param {string} text
 * @param {Hint} hint
 * @param {number} index
 */
function makeHint(text, hint, index) {
  const line = makeElement("p", {}, text);
  const which = { class: "apply-hint", "data-hint": String(index) };
  if (hint.fix) line.append(" ", makeButton("applyHint", `Apply: ${text}`, "Apply", which));
  return line;
}

/**
 * A message as a sentence; the name of an argument keeps its small letter.
 *
 * @param {string} text
 * @param {Layer} layer
 */
function sentence(text, layer) {
  const [first] = text.split(/[\s=]/, 1);
  return `${findField(layer, first) ? text[0] : text[0].toUpperCase()}${text.slice(1)}.`;
}
