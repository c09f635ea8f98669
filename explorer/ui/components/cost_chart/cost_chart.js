// A line a layer: its share of all parameters and of all mult-adds, as a bar and in percent. Python decides which layers
// have a line of their own.

import { COLOURS, MULT_ADDS_RULE } from "./constants.js";
import { shareOf, shareText } from "./shares.js";

/**
 * @typedef {{params: number, mult_adds: number}} Costs
 * @typedef {Costs & {layer: string, selected: boolean}} Bar
 * @typedef {{totals: Costs, bars: Bar[]}} Data
 */

/** @type {(keyof Costs)[]} */
const MEASURES = ["params", "mult_adds"];

/** @type {import("../component.js").Draw<Data>} */
export default function drawCosts({ data: { totals, bars }, parentElement }) {
  const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (parentElement.querySelector(selector));
  find("h3").title = `Mult-adds: ${MULT_ADDS_RULE}`;
  const longest = Math.max(...bars.flatMap((bar) => MEASURES.map((name) => shareOf(bar[name], totals[name]))));
  find("tbody").replaceChildren(...bars.map((bar) => makeLine(bar, totals, longest)));
}

/**
 * @param {Bar} bar
 * @param {Costs} totals
 * @param {number} longest  the largest share that is drawn
 */
function makeLine(bar, totals, longest) {
  const line = document.createElement("tr");
  if (bar.selected) line.setAttribute("aria-current", "true");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = name.title = bar.layer;
  line.append(name, ...MEASURES.map((measure) => makeCell(bar[measure], totals[measure], longest, COLOURS[measure])));
  return line;
}

/**
 * @param {number} value
 * @param {number} total
 * @param {number} longest
 * @param {string} colour
 */
function makeCell(value, total, longest, colour) {
  const share = shareOf(value, total);
  const cell = document.createElement("td");
  cell.title = `${value.toLocaleString("en-US")} of ${total.toLocaleString("en-US")}`;
  const [shown, bar, text] = ["div", "i", "span"].map((tag) => document.createElement(tag));
  shown.className = "share";
  bar.style.background = colour;
  bar.style.width = `${(100 * share) / longest}%`;
  text.textContent = shareText(share);
  shown.append(bar, text);
  cell.append(shown);
  return cell;
}
