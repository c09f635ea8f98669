// A drawing that grows, by pointer and by keyboard.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  MAX_POINTS,
  MAX_STROKES,
  MIN_STEP,
  UNITS,
} from "../../explorer/ui/components/draw_canvas/limits.js";
import { Sketch } from "../../explorer/ui/components/draw_canvas/sketch.js";

const empty = () => new Sketch({ pen: 80, strokes: [] });

test("a stroke has the points that it was drawn through, rounded and within the canvas", () => {
  const sketch = empty();
  sketch.begin({ x: 10.4, y: -3 });
  assert.equal(sketch.extend({ x: 200, y: UNITS + 50 }), true);
  assert.deepEqual(sketch.drawing, { pen: 80, strokes: [[10, 0, 200, UNITS]] });
});

test("a point that is next to the last is left out", () => {
  const sketch = empty();
  sketch.begin({ x: 100, y: 100 });
  assert.equal(sketch.extend({ x: 100 + MIN_STEP - 1, y: 100 }), false);
  assert.equal(sketch.extend({ x: 100 + MIN_STEP, y: 100 }), true);
  assert.deepEqual(sketch.strokes, [[100, 100, 100 + MIN_STEP, 100]]);
});

test("undo takes the last stroke, and clear all of them", () => {
  const sketch = empty();
  for (const x of [1, 2, 3]) sketch.begin({ x, y: 0 });
  assert.equal(sketch.undo(), true);
  assert.deepEqual(sketch.strokes, [
    [1, 0],
    [2, 0],
  ]);
  assert.equal(sketch.clear(), true);
  assert.deepEqual(sketch.strokes, []);
  assert.equal(sketch.undo(), false);
  assert.equal(sketch.clear(), false);
});

test("a drawing never has more strokes or points than Python takes", () => {
  const sketch = empty();
  for (let stroke = 0; stroke < MAX_STROKES + 5; stroke += 1) sketch.begin({ x: stroke, y: 0 });
  assert.equal(sketch.strokes.length, MAX_STROKES);
  const long = empty();
  long.begin({ x: 0, y: 0 });
  for (let point = 0; point < MAX_POINTS + 5; point += 1)
    long.extend({ x: point % 2 ? 0 : 500, y: 0 });
  assert.equal(long.strokes[0].length, 2 * MAX_POINTS);
  assert.equal(long.begin({ x: 1, y: 1 }), false);
});

test("by keyboard the pen draws while it is down, and moves alone while it is up", () => {
  const sketch = empty();
  assert.equal(sketch.move(-100, 0), false);
  assert.deepEqual(sketch.strokes, []);
  sketch.toggle();
  assert.equal(sketch.move(25, 0), true);
  sketch.move(0, 25);
  sketch.toggle();
  assert.equal(sketch.move(25, 0), false);
  const [x, y] = [UNITS / 2 - 100, UNITS / 4];
  assert.deepEqual(sketch.strokes, [[x, y, x + 25, y, x + 25, y + 25]]);
});

test("the keyboard's pen stays on the canvas", () => {
  const sketch = empty();
  for (let step = 0; step < 100; step += 1) sketch.move(-25, 25);
  assert.deepEqual(sketch.at, { x: 0, y: UNITS });
});

test("undoing and clearing lift the keyboard's pen", () => {
  const sketch = empty();
  sketch.toggle();
  sketch.undo();
  assert.equal(sketch.move(25, 0), false);
  assert.deepEqual(sketch.strokes, []);
});
