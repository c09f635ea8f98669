import assert from "node:assert/strict";
import { test } from "node:test";

import { shade, spoken } from "../../explorer/ui/components/confusion_matrix/cells.js";

test("no image, no colour", () => {
  assert.deepEqual(shade(0, 40, true), { share: 0, isDark: false });
  assert.deepEqual(shade(0, 0, false), { share: 0, isDark: false });
});

test("all images of a row are the whole colour", () => {
  assert.deepEqual(shade(40, 40, true), { share: 100, isDark: true });
  assert.deepEqual(shade(40, 40, false), { share: 100, isDark: true });
});

test("a single mistake among a thousand is seen, and more are darker", () => {
  const one = shade(1, 1000, false).share,
    ten = shade(10, 1000, false).share;
  assert.ok(one >= 14);
  assert.ok(ten > one);
  assert.ok(shade(10, 1000, false).share > shade(10, 1000, true).share);
});

test("no colour has letters on it that cannot be read", () => {
  for (let count = 1; count <= 100; count += 1) {
    const { share, isDark } = shade(count, 100, true);
    assert.ok(isDark ? share >= 92 : share <= 58);
  }
});

test("what a cell says", () => {
  assert.equal(spoken("9", "9", 34), "9 recognised: 34 images");
  assert.equal(spoken("9", "4", 1), "9 taken for 4: 1 image");
});
