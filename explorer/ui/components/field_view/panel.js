// The panel: what the visitor chose, what is drawn for it, and when Python is asked for numbers.
//
// The exact field of every unit is here from the start. All else (values, influence, arithmetic)
// Python computes when it is asked, which is when the visitor pauses: `choice` is sent as "ask",
// and what comes back names the layer it is of.

import { drawArithmetic } from "./arithmetic.js";
import { wholeAxis } from "./axis.js";
import { extremes, floats, number } from "./drawing.js";
import { cellUnder, drawImage, drawInput, drawUnits, unitGrid } from "./pictures.js";
import { channelText, effectiveWords, exactWords, unitText, write } from "./words.js";

/** @import { Answered, Arithmetic, Cell, Choice, Effective } from "./types.js" */
/** @import { Field, FieldData, FieldViewRequest, Find, Image, Mode } from "./types.js" */

const PAUSE = 90; // milliseconds without a change before Python is asked
/** @type {Record<string, number>} */
const TAB_STEPS = { ArrowLeft: -1, ArrowRight: 1 };
/** @type {Record<string, [rows: number, columns: number]>} */
const UNIT_STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PAUSE_AFTER_EDIT = 700; // the same after the network changed: the next edit may be on its way

/**
 * What lasts while layers change.
 *
 * @typedef {object} Panel
 * @property {Choice} choice
 * @property {string} network  that was answered last
 * @property {string | null} sent  the last ask, as text
 * @property {Image | null} image  the last one that came with its pixels
 * @property {ReturnType<typeof setTimeout> | undefined} timer
 */

/** @type {WeakMap<Node, Panel>} by the component's own element */
const panels = new WeakMap();

/** @type {import("../component.js").Draw<FieldData>} */
export default function drawPanel({ data: sent, parentElement, setStateValue }) {
  /** @type {Field} */
  const data = {
    ...sent,
    rows: wholeAxis(sent.rows),
    columns: wholeAxis(sent.columns ?? sent.rows),
  };
  const find = /** @type {Find} */ ((selector) => parentElement.querySelector(selector));
  const panel = panels.get(parentElement) ?? makePanel(sent);
  panels.set(parentElement, panel);
  if (data.image.pixels !== null) panel.image = data.image;
  const { choice } = panel;
  clearTimeout(panel.timer);
  /** @type {Cell | null} */
  let hovered = null;

  const grid = unitGrid(data);
  const isConvolution = data.kind === "Conv2d";

  // --- what is chosen ----------------------------------------------------------------------------

  const channel = () => Math.min(choice.channel, data.channels - 1);
  const together = () => choice.mode === "effective" && (choice.together ?? data.isMap);

  // The cell of the units' grid: a unit's place on the map is kept as a share of it, so that the
  // same part of the image stays chosen on every layer; a vector's cells are its values.
  /** @returns {Cell} */
  function cell() {
    if (hovered) return hovered;
    if (!data.isMap)
      return { row: Math.floor(channel() / grid.columns), column: channel() % grid.columns };
    return {
      row: Math.floor(choice.at[0] * grid.rows),
      column: Math.floor(choice.at[1] * grid.columns),
    };
  }
  const unit = () => (data.isMap ? cell() : { row: 0, column: 0 });

  /** @param {Cell} wanted */
  function choose({ row, column }) {
    const inside = (/** @type {number} */ value, /** @type {number} */ count) =>
      Math.max(0, Math.min(count - 1, value));
    const at = { row: inside(row, grid.rows), column: inside(column, grid.columns) };
    if (data.isMap) choice.at = [(at.row + 0.5) / grid.rows, (at.column + 0.5) / grid.columns];
    else {
      choice.channel = Math.min(data.channels - 1, at.row * grid.columns + at.column);
      choice.together = choice.together === true ? false : choice.together;
    }
    draw();
    askIfNeeded(PAUSE);
  }

  // --- what Python answered ----------------------------------------------------------------------

  /**
   * All of the choice that the answer depends on.
   *
   * @param {Choice} ask
   */
  function key(ask) {
    const of =
      ask.mode === "effective"
        ? [ask.together, data.isMap ? ask.at : null]
        : ask.mode === "arithmetic"
          ? [ask.first]
          : [];
    return JSON.stringify([
      ask.mode,
      Math.min(ask.channel, data.channels - 1),
      ask.image,
      ask.trained,
      ...of,
    ]);
  }
  const answer = () => (data.answer && key(data.ask) === key(choice) ? data.answer : null);

  // The picture that was drawn last; a panel that has just begun may have none, where Python took
  // another's word for this one's.
  const image = () => (panel.image?.key === data.image.key ? panel.image : null);

  /** @param {number} pause  milliseconds */
  function askIfNeeded(pause) {
    clearTimeout(panel.timer);
    if (answer() && image()) {
      panel.network = networkOf(data.of);
      return;
    }
    panel.timer = setTimeout(() => {
      /** @type {FieldViewRequest} */
      const ask = { ...choice, of: data.of, holds: panel.image?.key ?? "" };
      if (JSON.stringify(ask) === panel.sent) return;
      panel.sent = JSON.stringify(ask);
      setStateValue("ask", ask);
    }, pause);
  }

  // --- drawing -----------------------------------------------------------------------------------

  function draw() {
    const found = answer();
    const [chosen, seeing] = [cell(), unit()];
    const values = found?.values ? floats(found.values.map) : null;
    drawUnits(/** @type {HTMLCanvasElement} */ (find(".grid canvas")), units, grid, values, chosen);
    units.dataset.unit = `${seeing.row},${seeing.column}`;
    const arithmetic = (choice.mode === "arithmetic" && found?.arithmetic) || null;
    const effective = (choice.mode === "effective" && found?.effective) || null;
    const influence = effective?.finite && effective.strongest ? floats(effective.map) : null;
    /** @type {HTMLCanvasElement} */
    const canvas = find(".image canvas");
    /** @type {SVGElement} */
    const overlay = find(".overlay");
    const picture = image();
    if (arithmetic) drawInput(canvas, overlay, arithmetic, seeing);
    else if (picture) drawImage(canvas, overlay, data, picture, seeing, influence);
    const shape = data.isMap
      ? `${grid.rows}×${grid.columns} units`
      : `${data.channels.toLocaleString("en")} values`;
    find("[data-part=units-caption]").textContent = shape;
    find("[data-part=image-caption]").textContent = arithmetic
      ? inputText(arithmetic)
      : imageText();
    find("[data-part=image-caption]").title = data.image.instead;
    find(".figure").dataset.mode = choice.mode;
    find(".figure").dataset.answered = found ? choice.mode : "";
    describe(found, arithmetic, effective, values, chosen, seeing);
    const note = find(".note");
    if (!arithmetic)
      note.textContent = [data.image.instead, note.textContent].filter(Boolean).join(" ");
  }

  function imageText() {
    return data.image.instead ? `${data.image.dataset} (stand-in)` : data.image.dataset;
  }

  /** @param {Arithmetic} arithmetic */
  function inputText(arithmetic) {
    const name = data.takesImage ? imageText() : "its input";
    return data.channelsIn > 1 ? `${name}, channel ${arithmetic.shown[0].channel}` : name;
  }

  /**
   * @param {Answered | null} found
   * @param {Arithmetic | null} arithmetic
   * @param {Effective | null} effective
   * @param {Float32Array | null} values
   * @param {Cell} chosen
   * @param {Cell} seeing
   */
  function describe(found, arithmetic, effective, values, chosen, seeing) {
    const tooLarge = found?.tooLarge
      ? "Up to this layer the network is too large to run here, so its values are not shown."
      : "";
    const waiting = tooLarge || (found ? "" : "computing …");
    const value = values ? number(values[chosen.row * grid.columns + chosen.column]) : "";
    const who = data.isMap ? `${unitText(seeing)}, channel ${channel()}` : `Value ${channel()}`;
    find(".legend").hidden = !effective?.strongest;
    find(".arithmetic").hidden = !arithmetic;
    find(".pager").hidden = !arithmetic;
    if (choice.mode === "exact") {
      const words = exactWords(data, seeing);
      write(find, { ...words, note: [words.note, tooLarge].filter(Boolean).join(" ") });
    } else if (choice.mode === "effective" && effective)
      write(find, effectiveWords(data, seeing, effective));
    else if (choice.mode === "arithmetic" && found && !found.tooLarge) {
      const note = isConvolution ? "" : "Shown for convolutions only so far.";
      write(find, { title: `${who}: ${value}`, facts: [], note });
    } else
      write(find, {
        title: data.isMap ? unitText(seeing) : "",
        facts: [],
        note: waiting,
      });
    if (arithmetic) {
      drawArithmetic(find(".arithmetic"), arithmetic, seeing, find(".figure").clientWidth);
      const [begin, count] = arithmetic.channels;
      const [first, last] = [
        arithmetic.shown[0].channel,
        arithmetic.shown[arithmetic.shown.length - 1].channel,
      ];
      find(".pages").textContent = first === last ? `showing ${first}` : `showing ${first}–${last}`;
      find(".pager").hidden = arithmetic.others === 0;
      /** @type {HTMLButtonElement} */ (find(".back")).disabled = first <= begin;
      /** @type {HTMLButtonElement} */ (find(".forth")).disabled = last >= begin + count - 1;
    }
    const [low, high] = values ? extremes(values) : [0, 0];
    find(".range").textContent = values ? `${number(low, 2)} to ${number(high, 2)}` : "";
  }

  // --- the controls ------------------------------------------------------------------------------

  /** @param {Partial<Choice>} fields */
  function change(fields) {
    Object.assign(choice, fields);
    controls();
    draw();
    askIfNeeded(PAUSE);
  }

  function controls() {
    const tabs = [
      .../** @type {NodeListOf<HTMLElement>} */ (parentElement.querySelectorAll("[role=tab]")),
    ];
    for (const tab of tabs) {
      const chosen = tab.dataset.mode === choice.mode;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      tab.onclick = () => change({ mode: modeOf(tab) });
      tab.onkeydown = (event) => {
        const step = TAB_STEPS[event.key];
        if (!step) return;
        const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
        change({ mode: modeOf(next) });
        next.focus();
      };
    }
    /** @type {HTMLSelectElement} */
    const channels = find(".channel");
    options(channels, [
      ...(choice.mode === "effective" && data.channels > 1
        ? [["all", data.isMap ? "all channels" : "all values"]]
        : []),
      ...Array.from({ length: Math.min(data.channels, 512) }, (_, i) => [
        `${i}`,
        channelText(data, i),
      ]),
    ]);
    channels.value = together() && data.channels > 1 ? "all" : `${channel()}`;
    channels.onchange = () =>
      change(
        channels.value === "all"
          ? { together: true }
          : { together: false, channel: Number(channels.value), first: 0 },
      );
    /** @type {HTMLSelectElement} */
    const weights = find(".weights");
    const known = data.answer?.weights;
    // Nothing is run with any weights then, but what is below stays in place.
    /** @type {HTMLElement} */ (weights.parentNode).style.visibility = data.answer?.tooLarge
      ? "hidden"
      : "";
    if (known) {
      options(weights, [
        ...(known.trained ? [["trained", known.trained]] : []),
        ["untrained", known.untrained],
      ]);
      weights.value = choice.trained && known.trained ? "trained" : "untrained";
      weights.disabled = !known.trained;
      weights.title = known.trained
        ? ""
        : "after training, the trained weights can be selected here";
    }
    weights.onchange = () => change({ trained: weights.value === "trained" });
    // It keeps its place, so that both pictures stay level.
    find(".next").style.visibility = data.image.count > 1 ? "" : "hidden";
    find(".next").onclick = () => change({ image: (choice.image + 1) % data.image.count });
    const shown = data.answer?.arithmetic?.shown ?? [];
    find(".back").onclick = () =>
      change({ first: Math.max(0, choice.first - Math.max(1, shown.length)) });
    find(".forth").onclick = () => change({ first: choice.first + Math.max(1, shown.length) });
  }

  /**
   * @param {HTMLSelectElement} select
   * @param {string[][]} wanted  values and labels
   */
  function options(select, wanted) {
    const text = JSON.stringify(wanted);
    if (select.dataset.options === text) return;
    select.dataset.options = text;
    select.replaceChildren(...wanted.map(([value, label]) => new Option(label, value)));
  }

  /** @type {SVGSVGElement} */
  const units = find(".units");
  units.onpointerdown = (event) => {
    hovered = null;
    choose(cellUnder(event, units, grid));
    units.focus({ preventScroll: true });
    units.setPointerCapture(event.pointerId);
  };
  units.onpointermove = (event) => {
    if (event.buttons) choose(cellUnder(event, units, grid));
    else if (event.pointerType === "mouse" && choice.mode !== "effective" && data.isMap) {
      hovered = cellUnder(event, units, grid);
      draw();
    }
  };
  units.onpointerleave = () => {
    if (!hovered) return;
    hovered = null;
    draw();
  };
  units.onkeydown = (event) => {
    const move = UNIT_STEPS[event.key];
    if (!move) return;
    event.preventDefault();
    hovered = null;
    const { row, column } = cell();
    choose({ row: row + move[0], column: column + move[1] });
  };

  controls();
  draw();
  askIfNeeded(networkOf(data.of) === panel.network ? PAUSE : PAUSE_AFTER_EDIT);
}

/**
 * @param {FieldData} data
 * @returns {Panel}
 */
function makePanel({ ask, of }) {
  const { mode, channel, together, at, image, first, trained } = ask;
  const choice = { mode, channel, together, at, image, first, trained };
  return { choice, network: networkOf(of), sent: null, image: null, timer: undefined };
}

/** @param {string} of */
function networkOf(of) {
  return of.split(":")[0];
}

/** @param {HTMLElement} tab */
function modeOf(tab) {
  return /** @type {Mode} */ (tab.dataset.mode);
}
