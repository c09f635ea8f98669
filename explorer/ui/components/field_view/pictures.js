// The two pictures: the layer's units on the left, and what the chosen one looks at on the right.

import { CLEAR, bytes, floats, greys, heat, opaque, paint, svg } from "./drawing.js";
import { seenRectangles } from "./seen.js";

/** @import { Arithmetic, Cell, Colour, Field, Grid, Image } from "./types.js" */

// Of a picture's side, kept free around it, so that a window reaching into the padding shows.
const MARGIN = 0.14;
const MOST_LINES = 40; // units a side between which lines are drawn

// --- the units -----------------------------------------------------------------------------------

// A vector is one unit to the exact field; its values are laid out in rows of at most this many.
const VALUES_A_ROW = 10;

/**
 * @param {Field} data
 * @returns {Grid}
 */
export function unitGrid(data) {
  if (data.isMap) return { rows: data.rows.seen.length, columns: data.columns.seen.length };
  const columns = Math.min(
    data.channels,
    Math.max(VALUES_A_ROW, Math.ceil(Math.sqrt(data.channels))),
  );
  return { rows: Math.ceil(data.channels / columns), columns };
}

/**
 * Where a grid of rows and columns lies in a square picture: its side in cells, and its top left
 * corner.
 *
 * @param {Grid} grid
 */
function placed(grid) {
  const side = Math.max(grid.rows, grid.columns);
  return { side, top: (side - grid.rows) / 2, left: (side - grid.columns) / 2 };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Grid} grid
 */
function spread(canvas, grid, margin = 0) {
  const { side, top, left } = placed(grid);
  const share = (/** @type {number} */ cells) =>
    `${((100 * cells) / (side + 2 * margin)).toFixed(4)}%`;
  Object.assign(canvas.style, {
    width: share(grid.columns),
    height: share(grid.rows),
    left: share(left + margin),
    top: share(top + margin),
  });
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {SVGElement} overlay
 * @param {Grid} grid
 * @param {Float32Array | null} values
 * @param {Cell} chosen
 */
export function drawUnits(canvas, overlay, grid, values, chosen) {
  const { side, top, left } = placed(grid);
  spread(canvas, grid);
  if (values) {
    const grey = greys(values);
    paint(canvas, grid.rows, grid.columns, (row, column) => {
      const place = row * grid.columns + column;
      return place < values.length ? grey(values[place]) : CLEAR;
    });
  } else paint(canvas, 1, 1, () => CLEAR);
  canvas.classList.toggle("blank", !values);
  overlay.replaceChildren();
  overlay.setAttribute("viewBox", `0 0 ${side} ${side}`);
  if (side <= MOST_LINES) {
    let lines = "";
    for (let row = 1; row < grid.rows; row += 1) lines += `M${left} ${top + row}h${grid.columns}`;
    for (let column = 1; column < grid.columns; column += 1)
      lines += `M${left + column} ${top}v${grid.rows}`;
    svg(overlay, "path", { class: "lines", d: lines });
  }
  const size = Math.max(1, side / 64); // a unit of a large map is marked larger than it is
  const start = (1 - size) / 2;
  for (const name of ["halo", "chosen"])
    svg(overlay, "rect", {
      class: name,
      x: left + chosen.column + start,
      y: top + chosen.row + start,
      width: size,
      height: size,
    });
}

/**
 * The cell of the grid under the pointer.
 *
 * @param {PointerEvent} event
 * @param {Element} overlay
 * @param {Grid} grid
 * @returns {Cell}
 */
export function cellUnder(event, overlay, grid) {
  const box = overlay.getBoundingClientRect();
  const { side, top, left } = placed(grid);
  const inside = (/** @type {number} */ value, /** @type {number} */ count) =>
    Math.max(0, Math.min(count - 1, Math.floor(value)));
  return {
    row: inside(((event.clientY - box.top) / box.height) * side - top, grid.rows),
    column: inside(((event.clientX - box.left) / box.width) * side - left, grid.columns),
  };
}

// --- the image -----------------------------------------------------------------------------------

/**
 * @param {Image} image
 * @param {Grid} grid
 * @returns {(row: number, column: number) => Colour}
 */
function imageColours(image, grid) {
  const pixels = bytes(image.pixels ?? "");
  return (row, column) => {
    const y = Math.floor((row * image.rows) / grid.rows);
    const x = Math.floor((column * image.columns) / grid.columns);
    const place = image.colours * (y * image.columns + x);
    const first = pixels[place];
    return image.colours === 3
      ? opaque(first, pixels[place + 1], pixels[place + 2])
      : opaque(first, first, first);
  };
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 */
function boxPath(x, y, width, height) {
  return `M${x} ${y}h${width}v${height}h${-width}z`;
}

/**
 * Draw the image, the pixels that the unit sees in full view, and its theoretical window; with
 * `influence` those pixels as a heat map instead.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {SVGElement} overlay
 * @param {Field} data
 * @param {Image} image
 * @param {Cell} unit
 * @param {Float32Array | null} influence
 */
export function drawImage(canvas, overlay, data, image, unit, influence) {
  const grid = { rows: data.rows.pixels, columns: data.columns.pixels };
  const { side, top, left } = placed(grid);
  const margin = side * MARGIN;
  const [x0, y0] = [left + margin, top + margin];
  spread(canvas, grid, margin);
  const colours = imageColours(image, grid);
  const boxes = seenRectangles(data, unit);
  const isSeen = new Uint8Array(grid.rows * grid.columns);
  for (const [y, height, x, width] of boxes)
    for (let row = y; row < y + height; row += 1)
      isSeen.fill(1, row * grid.columns + x, row * grid.columns + x + width);
  paint(canvas, grid.rows, grid.columns, (row, column) => {
    const place = row * grid.columns + column;
    return influence && isSeen[place] ? heat(influence[place]) : colours(row, column);
  });
  overlay.replaceChildren();
  overlay.setAttribute("viewBox", `0 0 ${side + 2 * margin} ${side + 2 * margin}`);
  const seen = boxes.map(([y, h, x, w]) => boxPath(x0 + x, y0 + y, w, h)).join("");
  // The veil covers the image but for what is seen: one path with the seen rectangles as holes.
  svg(overlay, "path", {
    class: "veil",
    "fill-rule": "evenodd",
    d: boxPath(x0, y0, grid.columns, grid.rows) + seen,
  });
  if (!influence) svg(overlay, "path", { class: "seen", d: seen });
  svg(overlay, "rect", { class: "edge", x: x0, y: y0, width: grid.columns, height: grid.rows });
  if (data.rows.window[unit.row] && data.columns.window[unit.column])
    drawWindow(overlay, side + 2 * margin, {
      left: x0 + data.columns.first[unit.column],
      top: y0 + data.rows.first[unit.row],
      width: data.columns.window[unit.column],
      height: data.rows.window[unit.row],
    });
}

/**
 * Draw the window's four sides. One that lies outside the picture stands dashed at the picture's
 * edge: the window goes on there.
 *
 * @param {SVGElement} overlay
 * @param {number} size
 * @param {{left: number, top: number, width: number, height: number}} window
 */
function drawWindow(overlay, size, { left, top, width, height }) {
  const edge = size * 0.012;
  const within = (/** @type {number} */ place) => Math.max(edge, Math.min(size - edge, place));
  const isBeyond = (/** @type {number} */ place) => within(place) !== place;
  const [x0, x1, y0, y1] = [left, left + width, top, top + height];
  const side = (/** @type {number} */ place, /** @type {string} */ d) =>
    svg(overlay, "path", { class: isBeyond(place) ? "window beyond" : "window", d });
  side(x0, `M${within(x0)} ${within(y0)}V${within(y1)}`);
  side(x1, `M${within(x1)} ${within(y0)}V${within(y1)}`);
  side(y0, `M${within(x0)} ${within(y0)}H${within(x1)}`);
  side(y1, `M${within(x0)} ${within(y1)}H${within(x1)}`);
}

// --- a channel of the layer's input, with a convolution's window on it ---------------------------

/**
 * @param {HTMLCanvasElement} canvas
 * @param {SVGElement} overlay
 * @param {Arithmetic} arithmetic
 * @param {Cell} unit
 */
export function drawInput(canvas, overlay, arithmetic, unit) {
  const grid = { rows: arithmetic.input[0], columns: arithmetic.input[1] };
  const values = floats(arithmetic.shown[0].values);
  const grey = greys(values);
  paint(canvas, grid.rows, grid.columns, (row, column) =>
    grey(values[row * grid.columns + column]),
  );
  const taps = (/** @type {number} */ axis, /** @type {number} */ index) =>
    arithmetic.window[axis].map(([start, step]) => start + index * step);
  const [rows, columns] = [taps(0, unit.row), taps(1, unit.column)];
  // The border is as wide as the padding that any window reads.
  const { side, top, left } = placed(grid);
  const margin = Math.max(side * MARGIN, ...arithmetic.border);
  spread(canvas, grid, margin);
  overlay.replaceChildren();
  overlay.setAttribute("viewBox", `0 0 ${side + 2 * margin} ${side + 2 * margin}`);
  const [x0, y0] = [left + margin, top + margin];
  const read = rows
    .flatMap((row) => columns.map((column) => boxPath(x0 + column, y0 + row, 1, 1)))
    .join("");
  svg(overlay, "path", {
    class: "veil",
    "fill-rule": "evenodd",
    d: boxPath(x0, y0, grid.columns, grid.rows) + read,
  });
  svg(overlay, "rect", { class: "edge", x: x0, y: y0, width: grid.columns, height: grid.rows });
  svg(overlay, "path", { class: "taps", d: read });
}
