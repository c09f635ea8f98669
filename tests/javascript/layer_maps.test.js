// A layer's maps over the epochs: which epoch is shown, what is asked for, how values are coloured.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { AGAIN, Answers, isRefused } from "../../explorer/ui/components/layer_maps/answers.js";
import {
  colourOf,
  coloursOf,
  overlaid,
  read,
  shared,
} from "../../explorer/ui/components/layer_maps/colours.js";
import { Player, pace } from "../../explorer/ui/components/layer_maps/player.js";
import * as words from "../../explorer/ui/components/layer_maps/words.js";

/**
 * @typedef {import("../../explorer/ui/components/layer_maps/types.js").LayerMapsData} LayerMapsData
 * @typedef {import("../../explorer/ui/components/layer_maps/types.js").Pictures} Pictures
 * @typedef {string | {refused: string}} Heard
 */

const always = () => true;

/** @param {number[]} epochs */
function player(epochs) {
  const made = new Player();
  made.take(epochs);
  return made;
}

// --- which epoch ---------------------------------------------------------------------------------

test("the newest epoch is shown, also when another comes, until one is chosen", () => {
  const found = player([1, 2, 3]);
  assert.equal(found.epoch, 3);
  found.take([1, 2, 3, 4]);
  assert.equal(found.epoch, 4);
  found.goTo(1);
  found.take([1, 2, 3, 4, 5]);
  assert.deepEqual([found.epoch, found.place], [2, 1]);
  found.goTo(4);
  found.take([1, 2, 3, 4, 5, 6]);
  assert.equal(found.epoch, 6);
});

test("an epoch that is looked at stays when its weights are no longer kept", () => {
  const found = player([1, 2, 3, 4, 5]);
  found.goTo(2);
  found.take([1, 2, 4, 6]);
  assert.deepEqual([found.epoch, found.epochs], [3, [1, 2, 3, 4, 6]]);
  found.goTo(0);
  found.take([1, 2, 4, 6]);
  assert.deepEqual(found.epochs, [1, 2, 4, 6]);
});

test("playing begins at the first epoch where the last is shown, and ends at the last", () => {
  const found = player([1, 2, 4]);
  found.play();
  const seen = [found.epoch];
  while (found.isPlaying) {
    found.tick(always);
    seen.push(found.epoch);
  }
  assert.deepEqual(seen, [1, 2, 4]);
  found.goTo(1);
  found.play();
  assert.equal(found.epoch, 2);
});

test("playing waits for an epoch that is not here yet", () => {
  const found = player([1, 2, 3]);
  found.play();
  found.tick((epoch) => epoch !== 2);
  assert.deepEqual([found.epoch, found.isPlaying], [1, true]);
  found.tick(always);
  assert.equal(found.epoch, 2);
});

test("a run that goes on does not move what plays", () => {
  const found = player([1, 2, 3]);
  found.play();
  found.take([1, 2, 3, 4]);
  assert.equal(found.epoch, 1);
});

test("a single epoch cannot be played, nor none", () => {
  for (const epochs of [[], [1]]) {
    const found = player(epochs);
    found.play();
    assert.equal(found.isPlaying, false);
    found.goTo(5);
    assert.equal(found.epoch, epochs[0] ?? 0);
  }
});

test("what is shown is asked for first, then what is played next", () => {
  const found = player([1, 2, 3, 4]);
  found.goTo(2);
  assert.deepEqual(found.wanted(), [3, 4, 1, 2]);
});

test("many epochs play faster, and calmly where little is to move", () => {
  assert.equal(pace(2, false), 700);
  assert.equal(pace(20, false), 300);
  assert.equal(pace(64, false), 120);
  assert.ok(pace(64, true) > 1000);
});

// --- what is asked for ---------------------------------------------------------------------------

/** What is asked, and a way to answer the question that is open. */
function asking() {
  /** @type {number[]} */
  const asked = [];
  /** @type {{resolve: (heard: Heard) => void, reject: (error: Error) => void}[]} */
  const open = [];
  const answers = /** @type {Answers<string>} */ (
    new Answers(
      (epoch) =>
        new Promise((resolve, reject) => {
          asked.push(epoch);
          open.push({ resolve, reject });
        }),
      () => {},
    )
  );
  const answer = async (/** @type {Heard | Error} */ heard) => {
    const question = open.shift();
    assert.ok(question);
    if (heard instanceof Error) question.reject(heard);
    else question.resolve(heard);
    for (let i = 0; i < 5; i += 1) await Promise.resolve();
  };
  return { answers, asked, answer };
}

test("one question at a time, each epoch once", async () => {
  const { answers, asked, answer } = asking();
  answers.want([3, 1, 2]);
  assert.deepEqual(asked, [3]);
  answers.want([1, 3, 2]); // another epoch is shown meanwhile
  await answer("three");
  assert.deepEqual(asked, [3, 1]);
  await answer({ refused: "no longer kept" });
  await answer("two");
  answers.want([1, 2, 3]);
  assert.deepEqual(asked, [3, 1, 2]);
  assert.equal(answers.at(2), "two");
  assert.ok(isRefused(answers.at(1)));
  assert.deepEqual(answers.found(), ["three", "two"]);
});

test("a lost question is asked again after a while, unless something else is looked at", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { answers, asked, answer } = asking();
  answers.want([1]);
  await answer(new Error("503"));
  assert.equal(answers.isLost, true);
  mock.timers.tick(AGAIN - 1);
  assert.deepEqual(asked, [1]);
  mock.timers.tick(1);
  assert.deepEqual(asked, [1, 1]);
  await answer(new Error("503"));
  answers.end();
  mock.timers.tick(AGAIN * 3);
  assert.deepEqual(asked, [1, 1]);
  mock.timers.reset();
});

// --- colours -------------------------------------------------------------------------------------

/**
 * @param {number[]} values
 * @param {number} scale
 * @returns {Pictures}
 */
function pictures(values, scale) {
  const text = btoa(String.fromCharCode(...new Uint8Array(Int8Array.from(values).buffer)));
  return { shape: [1, 1, values.length], scale, finite: true, values: text };
}
const rgb = (/** @type {number} */ colour) => [0, 8, 16].map((shift) => (colour >>> shift) & 255);

test("from zero on values are grey, on either side of it two hues, and zero is the same", () => {
  assert.deepEqual(rgb(colourOf(0, false)), [0, 0, 0]);
  assert.deepEqual(rgb(colourOf(1, false)), [255, 255, 255]);
  const [below, zero, above] = [-1, 0, 1].map((share) => rgb(colourOf(share, true)));
  assert.ok(below[0] > below[2] && above[2] > above[0]);
  assert.deepEqual(zero, [247, 247, 247]);
});

test("epochs share a scale, so that growth shows", () => {
  const [small, large] = [read(pictures([0, 127], 1)), read(pictures([127, -127], 4))];
  const on = shared([small, large]);
  assert.deepEqual(on, { scale: 4, signed: true });
  assert.deepEqual(rgb(coloursOf(small, 0, on)(0, 1)), rgb(colourOf(0.25, true)));
  assert.deepEqual(rgb(coloursOf(large, 0, on)(0, 1)), rgb(colourOf(-1, true)));
  assert.deepEqual(shared([]), { scale: 0, signed: false });
  assert.deepEqual(rgb(coloursOf(read(pictures([0], 0)), 0, shared([]))(0, 0)), [0, 0, 0]);
});

test("what speaks for a class lies over the image in grey; nothing leaves it as it is", () => {
  const picture = { rows: 1, columns: 2, colours: 1, pixels: btoa("\x80\x80") };
  const over = overlaid(picture, read(pictures([0, 127], 2)));
  const [little, much] = [rgb(over(0, 0)), rgb(over(0, 1))];
  assert.ok(much[0] > little[0] && much[1] > little[1]); // yellow over violet
  const nothing = overlaid(picture, read(pictures([0, 0], 0)));
  assert.deepEqual(rgb(nothing(0, 1)), [128, 128, 128]);
});

// --- words ---------------------------------------------------------------------------------------

const DATA = /** @type {LayerMapsData} */ ({ label: 7, classes: [..."0123456789"], cam: null });

test("the answer is said to be right or wrong", () => {
  /** @param {number} predicted @param {[number, number]} probabilities */
  const said = (predicted, probabilities) =>
    words.verdict(DATA, /** @type {any} */ ({ predicted, probabilities }));
  assert.equal(said(7, [0.991, 0.991]), "Answers 7 (99.1 %): right");
  assert.equal(said(9, [0.2, 0.7]), "Answers 9 (70.0 %); right is 7 (20.0 %)");
});

test("what is left out is said", () => {
  const maps = (/** @type {number[]} */ shape, /** @type {number} */ of) =>
    /** @type {any} */ ({ shape, of });
  assert.equal(words.mapFacts(maps([32, 26, 26], 32), [32, 26, 26]), "32 maps of 26×26");
  assert.equal(
    words.mapFacts(maps([6, 96, 96], 64), [64, 112, 112]),
    "the first 6 of 64 maps of 112×112, drawn as 96×96",
  );
  assert.equal(
    words.mapFacts(maps([256, 1, 1], 784), [784]),
    "the first 256 of 784 values, one a unit",
  );
  const filters = (/** @type {number[]} */ of, /** @type {number} */ channels) =>
    /** @type {any} */ ({ shape: [0, 3, 3], of, units: of[0], channels });
  assert.equal(words.filterFacts(filters([8, 1], 1)), "8 filters of 3×3 for 1 channel");
  assert.equal(
    words.filterFacts(filters([128, 64], 2)),
    "128 filters of 3×3 for 64 channels; of each the first 2 channels (filter ← channel)",
  );
  assert.deepEqual(
    [words.filterName(filters([8, 1], 1), 5), words.filterName(filters([8, 4], 4), 5)],
    ["5", "1 ← 1"],
  );
});
