// The canvas, what the network sees of it, its answer, and the maps of its layers.
//
// While somebody draws, the server is asked for answers at an address of their own. The page is
// told of the drawing once the pen rests, and draws a layer's units on it.

import { drawMaps, drawPicture, drawSketch } from "./pictures.js";
import { Recognition, askServer } from "./recognition.js";
import { Sketch } from "./sketch.js";
import { UNITS } from "./limits.js";

/** @import { Answer, Data, Find, Layer, Point } from "./types.js" */

const REST = 350; // milliseconds without a change before the page is told of the drawing
const STEP = 25; // units that an arrow key moves the pen
/** @type {Record<string, [right: number, down: number]>} */
const STEPS = {
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
};

/**
 * What lasts while the page is drawn anew.
 *
 * @typedef {object} Pad
 * @property {Sketch} sketch
 * @property {Data} data  the newest
 * @property {Answer | null} answer  the newest, to the drawing
 * @property {Recognition} recognition
 * @property {boolean} isDrawing  whether a pointer is down
 * @property {boolean} byKeyboard  whether the canvas is drawn on by keyboard
 * @property {ReturnType<typeof setTimeout> | undefined} rest
 * @property {() => void} drawInk
 * @property {ResizeObserver} resized  has the ink drawn again at its new size
 */

/** @type {WeakMap<Node, Pad>} by the component's own element */
const pads = new WeakMap();

/** @type {import("../component.js").Draw<Data>} */
export default function drawCanvas({ data, parentElement, setStateValue }) {
  const find = /** @type {Find} */ ((selector) => parentElement.querySelector(selector));
  const before = pads.get(parentElement);
  const pad = before ?? makePad(data);
  pads.set(parentElement, pad);
  const isOtherRun = before !== undefined && before.data.run !== data.run;
  const isOther = !before || isOtherRun || before.data.epoch !== data.epoch;
  const wasFile = before !== undefined && before.data.file !== null;
  if (isOtherRun) pad.answer = null; // its classes may be others
  pad.data = data;
  /** @type {HTMLCanvasElement} */
  const ink = find(".ink");

  // --- drawing and asking ------------------------------------------------------------------------

  const drawInk = () => drawSketch(ink, pad.sketch, pad.byKeyboard && isFocused(ink));

  /** The drawing has changed. */
  function changed() {
    drawInk();
    controls();
    pad.recognition.follow();
    clearTimeout(pad.rest);
    pad.rest = setTimeout(tell, REST);
  }

  function tell() {
    // It is told of once the pen is lifted; not by a canvas that has left the page.
    if (pad.isDrawing || !parentElement.isConnected) return;
    setStateValue("drawing", pad.sketch.drawing);
  }

  pad.recognition.ask = () => {
    const { run } = pad.data;
    return askServer(run, pad.sketch.drawing).then((answer) => ({
      ...answer,
      run,
    }));
  };
  pad.recognition.take = (answer) => {
    if (answer.run !== pad.data.run) return; // the run was changed meanwhile, and is asked anew
    pad.answer = answer;
    find(".trouble").textContent = "";
    show();
    if (!pad.isDrawing) say();
  };
  pad.recognition.fail = (error) => {
    find(".trouble").textContent =
      error.name === "TimeoutError" ? "The server does not answer." : sentence(error.message);
  };

  // --- what is shown -----------------------------------------------------------------------------

  const shown = () => (data.file ? data.file.answer : pad.answer);

  function show() {
    const answer = shown();
    /** @type {HTMLCanvasElement} */
    const image = find(".image");
    drawPicture(image, answer?.image ?? null);
    image.dataset.seen = String(Boolean(answer?.image));
    find(".words").textContent = answer?.words || "Nothing is drawn yet.";
    find(".epoch").textContent = `after epoch ${answer?.epoch ?? data.epoch}`;
    showChances(find(".chances"), data.classes, answer?.chances ?? []);
    data.layers.forEach((layer, number) => {
      /** @type {HTMLCanvasElement} */
      const canvas = find(`[data-layer="${layer.index}"] canvas`);
      drawMaps(canvas, layer, answer?.maps[number]);
    });
    find(".layers").dataset.answered = String(Boolean(answer?.image));
  }

  /** For whoever hears the page, once the pen is lifted. */
  function say() {
    const chances = shown()?.chances ?? [];
    const best = bestOf(chances);
    find(".sr").textContent =
      best === null ? "" : `${data.classes[best]}, ${percent(chances[best] ?? 0)}`;
  }

  function controls() {
    const { sketch } = pad;
    /** @type {HTMLButtonElement} */ (find(".undo")).disabled = sketch.isEmpty;
    /** @type {HTMLButtonElement} */ (find(".clear")).disabled = sketch.isEmpty;
    find(".full").textContent =
      sketch.isFull && !data.file
        ? "No more can be drawn: undo a stroke, or clear the canvas."
        : "";
    find(".invite").hidden = !sketch.isEmpty || data.file !== null;
    find(".tools").hidden = find("#how").hidden = ink.hidden = data.file !== null;
    /** @type {HTMLImageElement} */
    const photo = find(".photo");
    photo.hidden = data.file === null;
    if (data.file) photo.src = data.file.picture;
  }

  // --- pen, finger and mouse ---------------------------------------------------------------------

  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  function place(event) {
    const box = ink.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * UNITS,
      y: ((event.clientY - box.top) / box.height) * UNITS,
    };
  }
  ink.onpointerdown = (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    ink.focus({ preventScroll: true });
    ink.setPointerCapture(event.pointerId);
    pad.byKeyboard = pad.sketch.isDown = false;
    pad.isDrawing = pad.sketch.begin(place(event));
    changed();
  };
  ink.onpointermove = (event) => {
    if (!pad.isDrawing || !event.isPrimary) return;
    const events = event.getCoalescedEvents();
    const drawn = (events.length ? events : [event]).map((each) => pad.sketch.extend(place(each)));
    if (drawn.includes(true)) changed();
  };
  ink.onpointerup = ink.onpointercancel = () => {
    if (!pad.isDrawing) return;
    pad.isDrawing = false;
    changed();
  };

  // --- keyboard ----------------------------------------------------------------------------------

  /**
   * Space or Delete.
   *
   * @param {string} key
   * @returns {boolean} whether the drawing has changed
   */
  function pressed(key) {
    if (key !== " ") return pad.sketch.clear();
    pad.sketch.toggle();
    find(".sr").textContent = pad.sketch.isDown ? "pen down" : "pen up";
    return pad.sketch.isDown;
  }
  ink.onkeydown = (event) => {
    const move = STEPS[event.key];
    const undoes = event.key === "z" && (event.ctrlKey || event.metaKey);
    if (!move && !undoes && ![" ", "Delete", "Backspace"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    pad.byKeyboard = true;
    if (move ? pad.sketch.move(...move) : undoes ? pad.sketch.undo() : pressed(event.key))
      changed();
    else drawInk();
  };
  ink.onfocus = () => {
    pad.byKeyboard ||= ink.matches(":focus-visible");
    drawInk();
  };
  ink.onblur = drawInk;

  // --- controls ----------------------------------------------------------------------------------

  find(".undo").onclick = () => {
    if (pad.sketch.undo()) changed();
  };
  find(".clear").onclick = () => {
    if (pad.sketch.clear()) changed();
    ink.focus({ preventScroll: true });
  };
  /** @type {HTMLInputElement} */
  const width = find(".pen");
  width.value = String(pad.sketch.pen);
  width.oninput = () => {
    pad.sketch.pen = Number(width.value);
    changed();
  };

  makeLayers(find(".layers"), data.layers, data.layer, (layer) =>
    setStateValue("layer", layer.index),
  );
  controls();
  drawInk();
  show();
  if ((isOther || wasFile) && !data.file) pad.recognition.follow();
  pad.drawInk = drawInk;
  if (!before) pad.resized.observe(ink);
  return () => {
    pad.resized.disconnect();
  };
}

/**
 * @param {Data} data
 * @returns {Pad}
 */
function makePad(data) {
  const sketch = new Sketch(data.drawing);
  const recognition = new Recognition(
    () => askServer(data.run, sketch.drawing),
    () => undefined,
    () => undefined,
  );
  /** @type {Pad} */
  const pad = {
    sketch,
    data,
    answer: null,
    recognition,
    isDrawing: false,
    byKeyboard: false,
    rest: undefined,
    drawInk: () => undefined,
    resized: new ResizeObserver(() => pad.drawInk()),
  };
  return pad;
}

/** @param {Element} element */
function isFocused(element) {
  const root = /** @type {Document | ShadowRoot} */ (element.getRootNode());
  return root.activeElement === element;
}

/** @param {string} text */
function sentence(text) {
  return `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}.`;
}

/**
 * The place of the largest; null where there is none.
 *
 * @param {(number | null)[]} chances
 */
function bestOf(chances) {
  /** @type {number | null} */
  let best = null;
  chances.forEach((chance, place) => {
    if (chance !== null && (best === null || chance > (chances[best] ?? 0))) best = place;
  });
  return best;
}

/** @param {number} chance */
function percent(chance) {
  return `${(100 * chance).toFixed(1)} %`;
}

/**
 * A line for each class, always in the same order; the likeliest is marked.
 *
 * @param {Element} list
 * @param {string[]} classes
 * @param {(number | null)[]} chances
 */
function showChances(list, classes, chances) {
  if (list.children.length !== classes.length)
    list.replaceChildren(
      ...classes.map(() => {
        const line = document.createElement("li");
        for (const name of ["name", "bar", "chance"])
          line.append(Object.assign(document.createElement("span"), { className: name }));
        return line;
      }),
    );
  const best = bestOf(chances);
  classes.forEach((name, place) => {
    const line = /** @type {HTMLElement} */ (list.children[place]);
    const [label, bar, text] = /** @type {HTMLElement[]} */ ([...line.children]);
    const chance = chances[place];
    label.textContent = name;
    bar.style.setProperty("--share", String(chance ?? 0));
    text.textContent = chance === undefined ? "" : chance === null ? "no number" : percent(chance);
    line.classList.toggle("best", place === best);
  });
}

/**
 * @param {HTMLElement} place
 * @param {Layer[]} layers
 * @param {number} chosen  the index of one
 * @param {(layer: Layer) => void} choose
 */
function makeLayers(place, layers, chosen, choose) {
  const text = JSON.stringify(layers);
  if (place.dataset.layers !== text) {
    place.dataset.layers = text;
    place.replaceChildren(
      ...layers.map((layer) => {
        const line = document.createElement("button");
        line.type = "button";
        line.dataset.layer = String(layer.index);
        line.classList.toggle("vector", layer.rows === 1);
        line.style.setProperty("--maps", String(layer.count));
        line.style.setProperty("--values", String(layer.columns));
        const [title, shape] = [layer.title, layer.shape].map((words) =>
          Object.assign(document.createElement("span"), { textContent: words }),
        );
        title.className = "title";
        shape.className = "shape";
        line.append(title, shape, document.createElement("canvas"));
        return line;
      }),
    );
  }
  for (const line of /** @type {Iterable<HTMLElement>} */ (place.children)) {
    const layer = layers.find(({ index }) => String(index) === line.dataset.layer);
    line.setAttribute("aria-pressed", String(layer?.index === chosen));
    line.onclick = () => layer && choose(layer);
  }
}
