// How a cell of a confusion matrix is shaded, and what it says aloud.

// Percent of a colour. A single image is seen; and between the two in the middle neither dark nor
// light letters could be read well, in neither theme.
const FAINTEST = 14,
  MOST_WITH_DARK_LETTERS = 58,
  LEAST_WITH_LIGHT_LETTERS = 92;
const MOST_OF_IT = 0.7; // of a row, from which on a cell is dark

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
  const part = isRight ? count / images : Math.sqrt(count / images),
    isDark = part > MOST_OF_IT;
  const share = isDark
    ? between(LEAST_WITH_LIGHT_LETTERS, 100, (part - MOST_OF_IT) / (1 - MOST_OF_IT))
    : between(FAINTEST, MOST_WITH_DARK_LETTERS, part / MOST_OF_IT);
  return { share: Math.round(share), isDark };
}

/** @param {number} from @param {number} to @param {number} part */
function between(from, to, part) {
  return from + (to - from) * part;
}

/**
 * @param {string} label
 * @param {string} predicted
 * @param {number} count
 */
export function spoken(label, predicted, count) {
  const images = `${count} ${count === 1 ? "image" : "images"}`;
  return label === predicted
    ? `${label} recognised: ${images}`
    : `${label} taken for ${predicted}: ${images}`;
}
