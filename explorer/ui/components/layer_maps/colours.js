// The colours of values, and where what speaks for a class lies over an image.

import { bytes, heat, opaque } from "./drawing.js";

/** @import { Picture, Pictures, Read } from "./types.js" */
/** @import { Colour } from "../field_view/types.js" */

const LEVELS = 127; // as insight/activations.py has it
// Of Okabe and Ito, told apart by colour-blind eyes: below zero, zero, above.
const BELOW = [213, 94, 0];
const ZERO = [247, 247, 247];
const ABOVE = [0, 90, 160];

/**
 * @param {Pictures} pictures
 * @returns {Read}
 */
export function read(pictures) {
  const values = new Int8Array(bytes(pictures.values).buffer);
  const { shape, scale, finite } = pictures;
  return { shape, scale, finite, values, signed: values.some((value) => value < 0) };
}

/**
 * What several pictures share: the largest scale, and whether any goes below zero.
 *
 * @param {Read[]} all
 */
export function shared(all) {
  return {
    scale: Math.max(0, ...all.map(({ scale }) => scale)),
    signed: all.some(({ signed }) => signed),
  };
}

/**
 * The colour of a share from -1 to 1: grey from zero on, or of two hues on either side of it.
 *
 * @param {number} share
 * @param {boolean} signed
 * @returns {Colour}
 */
export function colourOf(share, signed) {
  if (!signed) {
    const grey = 255 * Math.min(1, Math.max(0, share));
    return opaque(grey, grey, grey);
  }
  const end = share < 0 ? BELOW : ABOVE;
  const part = Math.min(1, Math.abs(share));
  const [red, green, blue] = ZERO.map((zero, i) => zero + part * (end[i] - zero));
  return opaque(red, green, blue);
}

/**
 * The colours of one of some pictures, on a scale that may be larger than its own.
 *
 * @param {Read} pictures
 * @param {number} which
 * @param {{scale: number, signed: boolean}} on
 * @returns {(row: number, column: number) => Colour}
 */
export function coloursOf({ shape: [, rows, columns], scale, values }, which, on) {
  const times = on.scale > 0 ? scale / on.scale / LEVELS : 0;
  const start = which * rows * columns;
  return (row, column) => colourOf(values[start + row * columns + column] * times, on.signed);
}

/**
 * @param {Picture} picture
 * @returns {(row: number, column: number) => [red: number, green: number, blue: number]}
 */
export function pixelsOf(picture) {
  const pixels = bytes(picture.pixels);
  return (row, column) => {
    const place = (row * picture.columns + column) * picture.colours;
    const channel = (/** @type {number} */ i) => pixels[place + (picture.colours === 3 ? i : 0)];
    return [channel(0), channel(1), channel(2)];
  };
}

/** @param {[number, number, number]} pixel */
function greyOf([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/**
 * The image in grey under the colours of what speaks for a class, the stronger the more of it.
 *
 * @param {Picture} picture
 * @param {Read} over  one picture, as large as the image
 * @returns {(row: number, column: number) => Colour}
 */
export function overlaid(picture, over) {
  const pixel = pixelsOf(picture);
  const [, , columns] = over.shape;
  return (row, column) => {
    const grey = greyOf(pixel(row, column));
    const share = over.values[row * columns + column] / LEVELS;
    const colour = over.signed || share < 0 ? colourOf(share, true) : heat(share);
    const part = over.scale > 0 ? 0.25 + 0.55 * Math.abs(share) : 0;
    const mixed = (/** @type {number} */ shift) =>
      grey + part * (((colour >>> shift) & 255) - grey);
    return opaque(mixed(0), mixed(8), mixed(16));
  };
}
