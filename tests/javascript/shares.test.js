// Shares of a cost, as text.

import assert from "node:assert/strict";
import { test } from "node:test";

import { shareOf, shareText } from "../../explorer/ui/components/cost_chart/shares.js";

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
