// Draws the strokes, the image that the network gets, and maps.

import { UNITS } from "./limits.js";

/** @import { Layer, Picture } from "./types.js" */

const GAP = 1; // pixels between two maps

/**
 * @param {string} text  base64
 */
function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** @param {HTMLCanvasElement} canvas */
function pen(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/**
 * The strokes, white on black, and the keyboard's pen where it is `shown`.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {import("./sketch.js").Sketch} sketch
 * @param {boolean} shown
 */
export function drawSketch(canvas, sketch, shown) {
  const side = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = pen(canvas);
  context.setTransform(side / UNITS, 0, 0, side / UNITS, 0, 0);
  context.fillStyle = "black";
  context.fillRect(0, 0, UNITS, UNITS);
  context.strokeStyle = "white";
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = sketch.pen;
  context.beginPath();
  for (const stroke of sketch.strokes) {
    context.moveTo(stroke[0], stroke[1]);
    context.lineTo(stroke[0], stroke[1]); // a dot
    for (let place = 2; place < stroke.length; place += 2)
      context.lineTo(stroke[place], stroke[place + 1]);
  }
  context.stroke();
  if (!shown) return;
  context.beginPath();
  context.arc(sketch.at.x, sketch.at.y, sketch.pen / 2, 0, 2 * Math.PI);
  context.lineWidth = 8;
  context.strokeStyle = "#e69f00";
  context.setLineDash(sketch.isDown ? [] : [20, 14]);
  context.stroke();
  context.setLineDash([]);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Picture | null} picture  null: nothing
 */
export function drawPicture(canvas, picture) {
  if (!picture) {
    pen(canvas).clearRect(0, 0, canvas.width, canvas.height);
    return;
  }
  const { rows, columns, colours } = picture;
  const pixels = bytes(picture.pixels);
  canvas.width = columns;
  canvas.height = rows;
  const image = pen(canvas).createImageData(columns, rows);
  for (let place = 0; place < rows * columns; place += 1) {
    for (let colour = 0; colour < 3; colour += 1)
      image.data[4 * place + colour] = pixels[colours * place + (colours > 1 ? colour : 0)];
    image.data[4 * place + 3] = 255;
  }
  pen(canvas).putImageData(image, 0, 0);
}

/**
 * A layer's maps beside each other.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Layer} layer
 * @param {string | undefined} greys  base64; undefined: nothing is known of them
 */
export function drawMaps(canvas, { count, rows, columns }, greys) {
  const width = count * (columns + GAP) - GAP;
  if (canvas.width !== width || canvas.height !== rows) {
    canvas.width = width;
    canvas.height = rows;
  }
  const image = pen(canvas).createImageData(width, rows);
  const values = greys === undefined ? null : bytes(greys);
  for (let map = 0; map < count; map += 1)
    for (let row = 0; row < rows; row += 1)
      for (let column = 0; column < columns; column += 1) {
        const place = 4 * (row * width + map * (columns + GAP) + column);
        image.data.fill(
          values ? values[(map * rows + row) * columns + column] : 0,
          place,
          place + 3,
        );
        image.data[place + 3] = values ? 255 : 40;
      }
  pen(canvas).putImageData(image, 0, 0);
}
