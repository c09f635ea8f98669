// How often a drawing that grows is asked about.

import assert from "node:assert/strict";
import { test } from "node:test";

import { EVERY, Recognition } from "../../explorer/ui/components/draw_canvas/recognition.js";

/** @import { Answer } from "../../explorer/ui/components/draw_canvas/types.js" */

/** @param {number} epoch */
const answer = (epoch) =>
  /** @type {Answer} */ ({ epoch, image: null, words: "", chances: [], maps: [] });

/** A drawing whose state is a number, and a server that answers when it is told to. */
function asking() {
  const world = {
    drawing: 0,
    now: 1000,
    /** @type {number[]} */ asked: [],
    /** @type {number[]} */ taken: [],
    /** @type {string[]} */ failed: [],
    /** @type {{resolve: (answer: Answer) => void, reject: (error: Error) => void}[]} */ open: [],
  };
  const recognition = new Recognition(
    () => {
      world.asked.push(world.drawing);
      return new Promise((resolve, reject) => world.open.push({ resolve, reject }));
    },
    ({ epoch }) => world.taken.push(epoch),
    ({ message }) => world.failed.push(message),
    () => world.now,
  );
  return { world, recognition };
}
const settled = () => new Promise(setImmediate);

test("one question at a time, and the last drawing is always asked about", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { world, recognition } = asking();
  for (world.drawing of [1, 2, 3]) recognition.follow();
  assert.deepEqual(world.asked, [1]);
  world.now += EVERY;
  world.open[0].resolve(answer(1));
  await settled();
  assert.deepEqual(world.asked, [1, 3]);
  world.open[1].resolve(answer(3));
  await settled();
  assert.deepEqual(
    [world.asked, world.taken],
    [
      [1, 3],
      [1, 3],
    ],
  );
});

test("an answer that comes at once is no reason to ask more than ten times a second", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { world, recognition } = asking();
  recognition.follow();
  world.open[0].resolve(answer(0));
  await settled();
  world.now += EVERY / 4;
  world.drawing = 7;
  recognition.follow();
  recognition.follow();
  assert.deepEqual(world.asked, [0]);
  t.mock.timers.tick(EVERY);
  assert.deepEqual(world.asked, [0, 7]);
});

test("after a question without an answer the next one is asked", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { world, recognition } = asking();
  recognition.follow();
  world.drawing = 1;
  recognition.follow();
  world.now += EVERY;
  world.open[0].reject(new Error("busy"));
  await settled();
  assert.deepEqual([world.failed, world.asked], [["busy"], [0, 1]]);
});
