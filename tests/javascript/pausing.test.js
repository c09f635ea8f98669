// The address is changed with the newest value, and not too often.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Pausing } from "../../explorer/ui/components/address/pausing.js";

const PAUSE = 350;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

/** @param {(value: string) => boolean} changes */
function begin(changes = () => true) {
  /** @type {string[]} */
  const done = [];
  const pausing = new Pausing((/** @type {string} */ value) => {
    done.push(value);
    return changes(value);
  }, PAUSE);
  return { pausing, done };
}

test("the first value comes at once, the last at the end of the pause, none between", () => {
  const { pausing, done } = begin();
  pausing.want("a");
  mock.timers.tick(0);
  for (const value of ["b", "c", "d"]) pausing.want(value);
  mock.timers.tick(PAUSE - 1);
  assert.deepEqual(done, ["a"]);
  mock.timers.tick(1);
  assert.deepEqual(done, ["a", "d"]);
});

test("after a pause in which nothing came, the next comes at once", () => {
  const { pausing, done } = begin();
  pausing.want("a");
  mock.timers.tick(0);
  mock.timers.tick(PAUSE);
  pausing.want("b");
  mock.timers.tick(0);
  assert.deepEqual(done, ["a", "b"]);
});

test("where there was nothing to change there is no pause", () => {
  const { pausing, done } = begin((value) => value !== "same");
  pausing.want("same");
  mock.timers.tick(0);
  pausing.want("b");
  mock.timers.tick(0);
  assert.deepEqual(done, ["same", "b"]);
});

test("what waits is done at once as the page goes, and once", () => {
  const { pausing, done } = begin();
  pausing.want("a");
  mock.timers.tick(0);
  pausing.want("b");
  pausing.flush();
  assert.deepEqual(done, ["a", "b"]);
  mock.timers.tick(2 * PAUSE);
  assert.deepEqual(done, ["a", "b"]);
  pausing.flush();
  assert.deepEqual(done, ["a", "b"]);
});

test("three hundred edits in thirty seconds change the address less than a hundred times", () => {
  const { pausing, done } = begin();
  for (let edit = 0; edit < 300; edit += 1) {
    pausing.want(String(edit));
    mock.timers.tick(100);
  }
  mock.timers.tick(PAUSE);
  assert.ok(done.length < 100, `${done.length}`); // Safari's limit
  assert.equal(done.at(-1), "299");
});
