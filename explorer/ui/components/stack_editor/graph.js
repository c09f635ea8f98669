// The graph of the network beside the list: drawn of a stack with blocks, where the list alone does
// not show what goes where. A click selects.

import { BLOCK, outline, pathText } from "./blocks.js";
import { givenName, nameBlock } from "./block_words.js";
import { layOut } from "./graph_layout.js";
import { makeShape } from "./icons.js";
import { findKind, findPlace } from "./operations.js";
import { findChosen } from "./selection.js";

/** @import { Layout, Spot } from "./graph_layout.js" */
/** @import { Editor, Stack } from "./types.js" */

const WIDEST = 96; // pixels of the graph, where the layers stay visible
const EDGE = 6; // pixels around it
const [LANE, STEP] = [13, 11]; // pixels of a layer, where there is room
const LEAST = { lane: 5, step: 5 };
const SIZE = 0.36; // of the smaller of both, a layer's half

/** @type {WeakMap<Element, {stack: Stack, height: number, looks: string}>} what was last drawn */
const drawn = new WeakMap();

/**
 * Draw it where the network is another one, and mark what is selected.
 *
 * @param {Editor} editor
 */
export function drawGraph(editor) {
  const { graph, stack } = editor;
  const hasBlocks = stack.some(({ kind }) => kind === BLOCK);
  graph.hidden = !hasBlocks;
  if (!hasBlocks) {
    graph.replaceChildren();
    drawn.delete(graph);
    return;
  }
  drawPicture(graph, stack, heightOf(editor));
  markSpots(editor);
}

/**
 * Most edits leave the graph as it is.
 *
 * @param {HTMLElement} graph
 * @param {Stack} stack
 * @param {number} height
 */
function drawPicture(graph, stack, height) {
  const last = drawn.get(graph);
  if (last?.stack === stack && last.height === height) return;
  const looks = stack.map((row, index) => `${row.uid} ${titleOf(stack, index)}`).join();
  drawn.set(graph, { stack, height, looks });
  if (last?.height !== height || last.looks !== looks)
    graph.replaceChildren(makePicture(stack, height));
}

/** @param {Editor} editor */
function heightOf({ scroller }) {
  return Number.parseFloat(scroller.style.maxHeight) || Infinity;
}

/**
 * @param {Stack} stack
 * @param {number} height  in pixels, that are to be kept to where the layers stay visible
 */
function makePicture(stack, height) {
  const layout = layOut(stack);
  const lane = Math.max(LEAST.lane, Math.min(LANE, (WIDEST - 2 * EDGE) / layout.lanes));
  const step = Math.max(LEAST.step, Math.min(STEP, (height - 2 * EDGE) / layout.steps));
  const [wide, high] = [layout.lanes * lane + 2 * EDGE, layout.steps * step + 2 * EDGE];
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    `${round(EDGE + x * lane)} ${round(EDGE + y * step)}`;
  const count = outline(stack).filter(({ role }) => role === "layer").length;
  const picture = makeShape("svg", {
    width: String(round(wide)),
    height: String(round(high)),
    viewBox: `0 0 ${round(wide)} ${round(high)}`,
    role: "img",
    "aria-label": `Graph of the ${count === 1 ? "layer" : `${count} layers`} in the list`,
  });
  const size = SIZE * Math.min(lane * 0.9, step);
  picture.append(
    makeShape("path", { class: "wires", d: layout.wires.map(wireText(at)).join("") }),
    ...layout.spots.map((spot) => makeSpot(stack, spot, at(spot.x, spot.y), size)),
  );
  return picture;
}

/**
 * A straight line in a lane; from lane to lane an S.
 *
 * @param {(x: number, y: number) => string} at
 * @returns {(wire: Layout["wires"][number]) => string}
 */
function wireText(at) {
  return ({ x, y, toX, toY }) => {
    const middle = (y + toY) / 2;
    return x === toX
      ? `M${at(x, y)}L${at(toX, toY)}`
      : `M${at(x, y)}C${at(x, middle)} ${at(toX, middle)} ${at(toX, toY)}`;
  };
}

/**
 * @param {Stack} stack
 * @param {Spot} spot
 * @param {string} middle
 * @param {number} size  half of it, in pixels
 */
function makeSpot(stack, { index }, middle, size) {
  const { uid } = stack[index];
  const { group } = findKind(stack[index]);
  const node = makeShape("g", {
    class: "spot",
    "data-uid": uid,
    "data-group": group,
    transform: `translate(${middle.replace(" ", ",")})`,
  });
  const title = makeShape("title", {});
  title.textContent = titleOf(stack, index);
  const reach = String(round(size * 2.4));
  node.append(
    title,
    makeShape("circle", { class: "around", r: reach }),
    makeShape("path", { class: "form", d: formText(group, size) }),
  );
  return node;
}

/**
 * "3.0.1 ReLU", "3 stage1, Residual".
 *
 * @param {Stack} stack
 * @param {number} index
 */
function titleOf(stack, index) {
  const { kind } = stack[index];
  const words =
    kind === BLOCK ? [givenName(stack[index]), nameBlock(stack, index)].filter(Boolean) : [kind];
  return `${pathText(outline(stack)[index].path)} ${words.join(", ")}`;
}

/**
 * The form that the group has beside the layers' names as well.
 *
 * @param {string} group
 * @param {number} size
 */
function formText(group, size) {
  const s = round(size);
  const circle = `M${-s} 0a${s} ${s} 0 1 0 ${2 * s} 0a${s} ${s} 0 1 0 ${-2 * s} 0Z`;
  /** @type {Record<string, string>} */
  const forms = {
    Convolution: `M${-s} ${-s}H${s}V${s}H${-s}Z`,
    Pooling: `M${-s} ${-s}H${s}L0 ${s}Z`,
    Normalisation: `M0 ${-s}L${s} 0L0 ${s}L${-s} 0Z`,
    "Head and shape": `M${-s / 2} ${-s}H${s / 2}V${s}H${-s / 2}Z`,
  };
  return forms[group] ?? circle;
}

/** @param {number} pixels */
function round(pixels) {
  return Math.round(pixels * 10) / 10;
}

/** @param {Editor} editor */
function markSpots(editor) {
  const { graph, stack, selected, problem } = editor;
  const places = outline(stack);
  const start = places[findPlace(stack, selected)]?.start;
  const marked = start === undefined ? null : stack[start].uid;
  const chosen = new Set(findChosen(editor));
  for (const spot of graph.querySelectorAll(".spot")) {
    const { uid } = /** @type {SVGElement} */ (spot).dataset;
    const isMarked = uid === marked;
    if (isMarked && !spot.classList.contains("selected")) scrollTo(graph, spot);
    spot.classList.toggle("selected", isMarked);
    spot.classList.toggle("chosen", chosen.size > 1 && chosen.has(uid ?? ""));
    spot.classList.toggle("broken", uid === problem?.uid);
  }
}

/**
 * Have a spot in view. Only the graph scrolls, never the page.
 *
 * @param {HTMLElement} graph
 * @param {Element} spot
 */
function scrollTo(graph, spot) {
  const [, x, y] = /\(([\d.]+),([\d.]+)\)/.exec(spot.getAttribute("transform") ?? "") ?? [];
  const [width, height] = [graph.clientWidth, Number.parseFloat(graph.style.maxHeight)];
  graph.scrollLeft = scrolledTo(Number(x), graph.scrollLeft, width);
  graph.scrollTop = scrolledTo(Number(y), graph.scrollTop, height);
}

/**
 * How far to scroll along one axis: as far as it is where the place is in view, else the place to
 * the middle.
 *
 * @param {number} place
 * @param {number} scrolled
 * @param {number} shown  pixels
 */
function scrolledTo(place, scrolled, shown) {
  return place < scrolled || place > scrolled + shown ? place - shown / 2 : scrolled;
}

/**
 * The layer or block of a spot that was pressed.
 *
 * @param {Event} event
 */
export function spotAt(event) {
  const spot = /** @type {Element} */ (event.target).closest(".spot");
  return /** @type {SVGElement | null} */ (spot)?.dataset.uid;
}
