// Colours and pixels of the pictures beside the list.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  CLEAR,
  bytes,
  greys,
  heat,
  opaque,
  paint,
} from "../../explorer/ui/components/field_view/drawing.js";

/** @param {number} colour */
function parts(colour) {
  return [...new Uint8Array(new Uint32Array([colour]).buffer)];
}

test("a colour is a byte each of red, green, blue and alpha", () => {
  assert.deepEqual(parts(opaque(1, 2, 3)), [1, 2, 3, 255]);
  assert.deepEqual(parts(opaque(254.6, 0.4, 127.5)), [255, 0, 128, 255]);
  assert.deepEqual(parts(CLEAR), [0, 0, 0, 0]);
});

test("heat goes from viridis's first colour to its last, and no further", () => {
  assert.deepEqual(parts(heat(0)), [68, 1, 84, 255]);
  assert.deepEqual(parts(heat(0.5)), [33, 145, 140, 255]);
  assert.deepEqual(parts(heat(0.0625)), [70, 23, 104, 255]);
  assert.deepEqual(parts(heat(1)), [253, 231, 37, 255]);
  assert.equal(heat(2), heat(1));
  assert.equal(heat(-1), heat(0));
});

test("greys go from the smallest to the largest number; what is none is black", () => {
  const grey = greys([2, NaN, 4, Infinity]);
  assert.deepEqual([2, 3, 4, NaN].map(grey).map(parts), [
    [0, 0, 0, 255],
    [128, 128, 128, 255],
    [255, 255, 255, 255],
    [0, 0, 0, 255],
  ]);
  assert.deepEqual(parts(greys([7, 7])(7)), [128, 128, 128, 255]);
});

test("a canvas is painted row by row", () => {
  /** @type {Uint8ClampedArray | undefined} */
  let put;
  const context = {
    createImageData: (/** @type {number} */ columns, /** @type {number} */ rows) => ({
      data: new Uint8ClampedArray(4 * rows * columns),
    }),
    putImageData: (/** @type {{data: Uint8ClampedArray}} */ { data }) => {
      put = data;
    },
  };
  const canvas = /** @type {HTMLCanvasElement} */ (
    /** @type {unknown} */ ({ width: 0, height: 0, getContext: () => context })
  );
  paint(canvas, 2, 3, (row, column) => opaque(row, column, 9));
  assert.deepEqual([canvas.height, canvas.width], [2, 3]);
  const pixels = [0, 1].flatMap((row) => [0, 1, 2].flatMap((column) => [row, column, 9, 255]));
  assert.deepEqual([...(put ?? [])], pixels);
});

test("base64 is read as bytes", () => {
  assert.deepEqual([...bytes("AAH/gA==")], [0, 1, 255, 128]);
  assert.equal(bytes("").length, 0);
});
