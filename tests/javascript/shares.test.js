// Shares of a cost, as text.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  countText,
  inWords,
  shareOf,
  shareText,
} from "../../explorer/ui/components/cost_chart/shares.js";

test("shares are in percent, and what is there is never said to be nothing", () => {
  assert.equal(shareText(0.0712), "7.1 %");
  assert.equal(shareText(1), "100.0 %");
  assert.equal(shareText(0), "0.0 %");
  assert.equal(shareText(0.0001), "< 0.1 %");
});

test("of nothing there is no share", () => {
  assert.equal(shareOf(0, 0), 0);
  assert.equal(shareOf(1, 4), 0.25);
});

test("the chart is told in words by its largest bars", () => {
  /** @type {import("../../explorer/ui/components/cost_chart/shares.js").Bar[]} */
  const bars = [
    ["0 Conv2d", 80, 54000],
    ["3 Linear", 920, 6000],
  ];
  assert.equal(
    inWords(bars, [1000, 60000]),
    "Most parameters: 3 Linear, 92.0 %. Most multiply-adds: 0 Conv2d, 90.0 %.",
  );
  assert.equal(
    inWords([["1 BatchNorm2d", 16, 0]], [16, 0]),
    "Most parameters: 1 BatchNorm2d, 100.0 %.",
  );
  assert.equal(inWords([], [0, 0]), "");
  assert.equal(countText(1492698), "1,492,698");
});
