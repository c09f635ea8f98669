// A drawing that grows: its strokes, and the pen of the keyboard.

import { MAX_POINTS, MAX_STROKES, MIN_STEP, UNITS } from "./limits.js";

/** @import { Drawing, Point, Stroke } from "./types.js" */

export class Sketch {
  /** The pen's width, in units. */
  pen;
  /** @type {Stroke[]} */
  strokes;
  /** Where the keyboard's pen is. @type {Point} */
  at = { x: UNITS / 2, y: UNITS / 4 };
  /** Does the keyboard's pen touch the canvas? */
  isDown = false;

  /** @param {Drawing} drawing */
  constructor({ pen, strokes }) {
    this.pen = pen;
    this.strokes = strokes.map((stroke) => [...stroke]);
  }

  /** @returns {Drawing} */
  get drawing() {
    return { pen: this.pen, strokes: this.strokes };
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  get isFull() {
    const points = this.strokes.reduce((sum, stroke) => sum + stroke.length / 2, 0);
    return this.strokes.length >= MAX_STROKES || points >= MAX_POINTS;
  }

  /**
   * Put the pen down.
   *
   * @param {Point} point
   * @returns {boolean} whether there was room for another stroke
   */
  begin(point) {
    if (this.isFull) return false;
    this.strokes.push(pair(point));
    return true;
  }

  /**
   * Draw on to a point; one next to the last is left out.
   *
   * @param {Point} point
   * @returns {boolean} whether anything was drawn
   */
  extend(point) {
    const stroke = this.strokes.at(-1);
    if (!stroke || this.isFull) return false;
    const [x, y] = pair(point);
    const [beforeX, beforeY] = stroke.slice(-2);
    if (Math.hypot(x - beforeX, y - beforeY) < MIN_STEP) return false;
    stroke.push(x, y);
    return true;
  }

  undo() {
    this.isDown = false;
    return this.strokes.pop() !== undefined;
  }

  clear() {
    this.isDown = false;
    const wasEmpty = this.isEmpty;
    this.strokes = [];
    return !wasEmpty;
  }

  // --- by keyboard -------------------------------------------------------------------------------

  toggle() {
    this.isDown = !this.isDown && this.begin(this.at);
  }

  /**
   * Move the keyboard's pen.
   *
   * @param {number} right  in units, as `down`
   * @param {number} down
   * @returns {boolean} whether anything was drawn
   */
  move(right, down) {
    this.at = { x: inside(this.at.x + right), y: inside(this.at.y + down) };
    return this.isDown && this.extend(this.at);
  }
}

/**
 * @param {Point} point
 * @returns {Stroke}
 */
function pair({ x, y }) {
  return [inside(x), inside(y)];
}

/** @param {number} value */
function inside(value) {
  return Math.max(0, Math.min(UNITS, Math.round(value)));
}
