// How a cell of a confusion matrix is shaded, and what it says aloud.

const FAINTEST = 14; // percent of a colour, so that a single image is seen
const DARK = 55; // percent, from which on letters on it are light

/**
 * How strongly a cell is coloured, in percent of its colour, by its share of its row. Mistakes are
 * few: by the square root, so that they are seen.
 *
 * @param {number} count
 * @param {number} images  of the row
 * @param {boolean} isRight
 */
export function shade(count, images, isRight) {
  if (!count) return { share: 0, isDark: false };
  const part = count / images,
    share = Math.round(FAINTEST + (100 - FAINTEST) * (isRight ? part : Math.sqrt(part)));
  return { share, isDark: share > DARK };
}

/**
 * @param {string} label
 * @param {string} predicted
 * @param {number} count
 */
export function spoken(label, predicted, count) {
  const images = `${count} ${count === 1 ? "image" : "images"}`;
  return label === predicted ? `${label} recognised: ${images}` : `${label} taken for ${predicted}: ${images}`;
}
