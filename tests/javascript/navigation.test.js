// Requests for pages, of which only the newest counts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Requests } from "../../explorer/ui/components/navigation/requests.js";

test("requests are numbered on from what Python has answered", () => {
  const requests = new Requests(4);
  assert.deepEqual(requests.askFor("train"), { number: 5, page: "train" });
  assert.deepEqual(requests.askFor("runs"), { number: 6, page: "runs" });
});

test("an answer to an older request is not taken, the newest one's is", () => {
  const requests = new Requests(0);
  requests.askFor("train");
  requests.askFor("runs");
  assert.equal(requests.accept(0), false);
  assert.equal(requests.accept(1), false);
  assert.equal(requests.accept(2), true);
  assert.equal(requests.accept(2), true); // the same page, drawn again
});

test("Python may know of more requests than this bar, which then goes on from there", () => {
  const requests = new Requests(0);
  assert.equal(requests.accept(7), true);
  assert.equal(requests.askFor("runs").number, 8);
});
