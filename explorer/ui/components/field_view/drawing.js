// Small things that the other parts draw and write with.

/** @import { Colour } from "./types.js" */

const MINUS = "\u2212";
// Viridis: even steps of lightness, told apart by colour-blind eyes and on a pale projector.
const HEAT = [
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37],
];

/**
 * @param {Element} parent
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
export function svg(parent, name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent.append(element);
  return element;
}

/**
 * @param {Element} parent
 * @param {string} name
 * @param {string} className
 */
export function html(parent, name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  parent.append(element);
  return element;
}

/**
 * @param {string} text  base64
 */
export function bytes(text) {
  const letters = atob(text);
  const found = new Uint8Array(letters.length);
  for (let place = 0; place < found.length; place += 1) found[place] = letters.charCodeAt(place);
  return found;
}

/**
 * @param {string} text  base64 of little-endian float32
 */
export function floats(text) {
  return new Float32Array(bytes(text).buffer);
}

/** @type {Colour} nothing at all */
export const CLEAR = 0;

/**
 * @param {number} red  0 to 255, as the others
 * @param {number} green
 * @param {number} blue
 * @returns {Colour}
 */
export function opaque(red, green, blue) {
  return (0xff000000 | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}

/**
 * Paint a canvas of so many rows and columns. Of an image of 224×224 pixels there are 50,000, anew
 * with every key: a colour is one number, as to make an array for each took 100 ms.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} rows
 * @param {number} columns
 * @param {(row: number, column: number) => Colour} colour  of each pixel
 */
export function paint(canvas, rows, columns, colour) {
  canvas.width = columns;
  canvas.height = rows;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const picture = context.createImageData(columns, rows);
  // Wherever browsers run, the lowest byte of a number comes first.
  const pixels = new Uint32Array(picture.data.buffer);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      pixels[row * columns + column] = colour(row, column);
  context.putImageData(picture, 0, 0);
}

/**
 * The colour of a share from 0 to 1.
 *
 * @param {number} share
 * @returns {Colour}
 */
export function heat(share) {
  const place = Math.max(0, Math.min(1, share)) * (HEAT.length - 1);
  const below = Math.min(HEAT.length - 2, Math.floor(place));
  const [low, high] = [HEAT[below], HEAT[below + 1]];
  const between = (/** @type {number} */ i) => low[i] + (place - below) * (high[i] - low[i]);
  return opaque(between(0), between(1), between(2));
}

/**
 * The smallest and largest of some numbers, of those that are numbers.
 *
 * @param {Iterable<number>} values
 */
export function extremes(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? [0, 0] : [low, high];
}

/**
 * A grey for each of some numbers, black for the smallest and white for the largest.
 *
 * @param {Iterable<number>} values
 * @returns {(value: number) => Colour}
 */
export function greys(values) {
  const [low, high] = extremes(values);
  const scale = high > low ? 255 / (high - low) : 0;
  return (value) => {
    const grey = Number.isFinite(value) ? (scale ? (value - low) * scale : 128) : 0;
    return opaque(grey, grey, grey);
  };
}

/**
 * 0.2138 as "0.214"; the same number of figures after the point, so that columns of numbers line
 * up.
 *
 * @param {number} value
 */
export function number(value, digits = 3) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "no number" : "too large";
  const size = Math.abs(value);
  const text = size >= 100000 ? size.toExponential(2) : size.toFixed(size >= 1000 ? 1 : digits);
  return (value < 0 && Number(text) !== 0 ? MINUS : "") + text;
}

/**
 * A number in a cell of a patch: at most five characters.
 *
 * @param {number} value
 */
export function short(value) {
  const size = Math.abs(value);
  if (size >= 1000)
    return (
      (value < 0 ? MINUS : "") +
      (size >= 10000 ? size.toExponential(0).replace("+", "") : size.toFixed(0))
    );
  return number(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** @param {(number | string)[]} pair */
export function both(pair) {
  return `${pair[0]}×${pair[1]}`;
}
