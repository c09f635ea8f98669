// One layer at work on one image, over the epochs: what is chosen, asked for and drawn.
//
// Each epoch is asked for once, by itself, and then played without the server.

import { Answers, ask, isRefused } from "./answers.js";
import { coloursOf, overlaid, pixelsOf, read, shared } from "./colours.js";
import { number, opaque, paint } from "./drawing.js";
import { Player, pace } from "./player.js";
import * as words from "./words.js";

/** @import { Answer, Find, LayerMapsData, Occlusion, Pictures, Read } from "./types.js" */

/** @typedef {"maps" | "filters"} Tab */
/** @typedef {"cam" | "occlusion"} What */

/**
 * What lasts while the page looks again.
 *
 * @typedef {object} Inside
 * @property {string} of  what the answers are about
 * @property {LayerMapsData} data
 * @property {Player} player
 * @property {Answers<Answer>} answers
 * @property {Answers<Occlusion>} occlusions
 * @property {Tab} tab
 * @property {What} what
 * @property {WeakMap<Pictures, Read>} read
 * @property {ReturnType<typeof setInterval> | undefined} timer
 */

/** @type {WeakMap<Node, Inside>} by the component's own element */
const insides = new WeakMap();

const PLAY = "M4 2.5v11l9-5.5z";
const PAUSE = "M4 2.5h3v11H4zM9.5 2.5h3v11h-3z";
/** @type {Record<string, number>} */
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1 };
const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** @type {import("../component.js").Draw<LayerMapsData>} */
export default function drawInside({ data, parentElement }) {
  const find = /** @type {Find} */ ((selector) => parentElement.querySelector(selector));
  const draw = () => drawAll(inside, find);
  const of = JSON.stringify([data.run, data.row, data.image, data.permit]);
  const before = insides.get(parentElement);
  const inside = before?.of === of ? before : begin(data, of, draw, before);
  inside.data = data;
  insides.set(parentElement, inside);
  inside.player.take(data.epochs);
  listen(inside, find, draw);
  draw();
  return () => {
    stop(inside);
    inside.answers.end();
    inside.occlusions.end();
    insides.delete(parentElement);
  };
}

/**
 * @param {LayerMapsData} data
 * @param {string} of
 * @param {() => void} draw
 * @param {Inside | undefined} before  what was looked at before, whose choices stay
 * @returns {Inside}
 */
function begin(data, of, draw, before) {
  const { run, row, image, permit } = data;
  before?.answers.end();
  before?.occlusions.end();
  const about = (/** @type {boolean} */ occlusion) => (/** @type {number} */ epoch) =>
    ask({ run, epoch, row, image, occlusion, permit });
  const isOfRun = before?.data.run === run;
  return {
    of,
    data,
    player: before && isOfRun ? before.player : new Player(),
    answers: new Answers(about(false), draw),
    occlusions: new Answers(about(true), draw),
    tab: before?.tab ?? "maps",
    what: before?.what ?? "cam",
    read: new WeakMap(),
    timer: before?.timer,
  };
}

// --- playing -------------------------------------------------------------------------------------

/**
 * @param {Inside} inside
 * @param {Find} find
 * @param {() => void} draw
 */
function listen(inside, find, draw) {
  const { player } = inside;
  const go = (/** @type {number} */ place) => {
    stop(inside);
    player.goTo(place);
    draw();
  };
  const toggle = () => {
    if (player.isPlaying) stop(inside);
    else start(inside, draw);
    draw();
  };
  find(".play").onclick = toggle;
  /** @type {HTMLInputElement} */
  const slider = find(".epoch");
  slider.oninput = () => go(Number(slider.value));
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const isButton = event.target instanceof HTMLButtonElement;
    if (event.key === " " && !isButton) toggle();
    else if (event.key in STEPS && event.target === find(".grid"))
      go(player.place + STEPS[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  find(".inside").onkeydown = keys;
  for (const name of /** @type {Tab[]} */ (["maps", "filters"]))
    choose(find(`[data-tab=${name}]`), () => (inside.tab = name), draw);
  for (const name of /** @type {What[]} */ (["cam", "occlusion"]))
    choose(find(`[data-what=${name}]`), () => (inside.what = name), draw);
}

/**
 * @param {HTMLElement} tab
 * @param {() => void} take
 * @param {() => void} draw
 */
function choose(tab, take, draw) {
  tab.onclick = () => {
    take();
    draw();
  };
  tab.onkeydown = (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const tabs = /** @type {HTMLElement[]} */ ([...(tab.parentElement?.children ?? [])]);
    const other = tabs.find((each) => each !== tab && !each.hidden);
    other?.click();
    other?.focus();
    event.stopPropagation();
  };
}

/**
 * @param {Inside} inside
 * @param {() => void} draw
 */
function start(inside, draw) {
  stop(inside);
  inside.player.play();
  inside.timer = setInterval(
    () => {
      inside.player.tick((epoch) => inside.answers.at(epoch) !== undefined);
      if (!inside.player.isPlaying) stop(inside);
      draw();
    },
    pace(inside.player.epochs.length, isCalm()),
  );
}

/** @param {Inside} inside */
function stop(inside) {
  clearInterval(inside.timer);
  inside.timer = undefined;
  inside.player.pause();
}

// --- drawing -------------------------------------------------------------------------------------

/**
 * @param {Inside} inside
 * @param {Find} find
 */
function drawAll(inside, find) {
  const { player, answers, data } = inside;
  answers.want(player.wanted());
  if (inside.what === "occlusion" && !player.isPlaying) inside.occlusions.want([player.epoch]);
  else inside.occlusions.want([]);
  drawPlayer(inside, find);
  const heard = answers.at(player.epoch);
  const answer = isRefused(heard) ? undefined : heard;
  const news = said(inside, heard);
  if (find(".said").textContent !== news) find(".said").textContent = news;
  const root = find(".inside");
  root.dataset.epoch = String(player.epoch);
  root.dataset.answered = answer ? String(player.epoch) : "";
  drawOriginal(data, find);
  find(".verdict").textContent = answer ? words.verdict(data, answer) : "\u00a0";
  drawSpeaks(inside, find, answer);
  drawLayer(inside, find, answer);
}

/**
 * @param {Inside} inside
 * @param {Find} find
 */
function drawPlayer({ player, answers }, find) {
  const { epochs, place, epoch, isPlaying } = player;
  /** @type {HTMLButtonElement} */
  const play = find(".play");
  play.disabled = epochs.length < 2;
  find(".play span").textContent = isPlaying ? "Pause" : "Play";
  find(".play path").setAttribute("d", isPlaying ? PAUSE : PLAY);
  /** @type {HTMLInputElement} */
  const slider = find(".epoch");
  slider.max = String(Math.max(0, epochs.length - 1));
  slider.value = String(place);
  slider.disabled = epochs.length < 2;
  slider.setAttribute("aria-valuetext", `after epoch ${epoch}`);
  const here = epochs.filter((each) => answers.at(each) !== undefined).length;
  const loading = here < epochs.length ? ` · ${here} of ${epochs.length} here` : "";
  find(".at").textContent = `after epoch ${epoch} of ${epochs.at(-1) ?? 0}${loading}`;
}

/**
 * @param {Inside} inside
 * @param {import("./types.js").Heard<Answer> | undefined} heard
 */
function said({ answers, player, data }, heard) {
  if (isRefused(heard)) return `Nothing to show after epoch ${player.epoch}: ${heard.refused}.`;
  if (heard && !heard.maps.finite)
    return `Layer ${data.layer} gives values here that are no numbers; they are drawn as zero.`;
  return answers.isLost ? "The server does not answer; it is asked again." : "";
}

/**
 * @param {LayerMapsData} data
 * @param {Find} find
 */
function drawOriginal({ picture, classes, label, image }, find) {
  const pixel = pixelsOf(picture);
  const canvas = /** @type {HTMLCanvasElement} */ (find(".original canvas"));
  paint(canvas, picture.rows, picture.columns, (row, column) => opaque(...pixel(row, column)));
  canvas.setAttribute("aria-label", `Test image ${image}, of class ${classes[label]}`);
  find(".original figcaption").textContent = `image: ${classes[label]}`;
}

/**
 * What speaks for the right class and for the answered one.
 *
 * @param {Inside} inside
 * @param {Find} find
 * @param {Answer | undefined} answer
 */
function drawSpeaks(inside, find, answer) {
  const { data, what, occlusions, player } = inside;
  const heard = what === "occlusion" ? occlusions.at(player.epoch) : undefined;
  const occlusion = isRefused(heard) ? undefined : heard;
  const pictures = what === "cam" ? answer?.cams : occlusion?.drops;
  for (const name of ["cam", "occlusion"])
    find(`[data-what=${name}]`).setAttribute("aria-selected", String(name === what));
  const labels = [data.label, answer?.predicted ?? data.label];
  ["right", "predicted"].forEach((name, i) => {
    const figure = find(`.${name}`);
    const isSame = name === "predicted" && labels[0] === labels[1];
    figure.classList.toggle("same", isSame);
    const shown = pictures && !isSame ? (inside.read.get(pictures[i]) ?? read(pictures[i])) : null;
    if (pictures && shown) inside.read.set(pictures[i], shown);
    /** @type {HTMLCanvasElement} */
    const canvas = find(`.${name} canvas`);
    const { rows, columns } = data.picture;
    paint(canvas, rows, columns, shown ? overlaid(data.picture, shown) : () => 0);
    const of = name === "right" ? "right" : "answered";
    const nothing = shown && shown.scale === 0 ? " (nothing)" : "";
    const text = `for ${data.classes[labels[i]]}, ${of}${nothing}`;
    find(`.${name} figcaption`).textContent = isSame ? "" : text;
    canvas.setAttribute("aria-label", isSame ? "" : `What speaks ${text}`);
  });
  drawNote(inside, find, occlusion);
}

/**
 * @param {Inside} inside
 * @param {Find} find
 * @param {Occlusion | undefined} occlusion
 */
function drawNote({ data, what }, find, occlusion) {
  const isCam = what === "cam";
  const legend = find(".legend.heat");
  legend.classList.toggle("signed", !isCam);
  find(".heat .low").textContent = isCam ? "little" : "rises";
  find(".heat .high").textContent = isCam ? "speaks for it" : "falls";
  const asked = occlusion
    ? words.occlusionNote(occlusion)
    : "A grey patch is moved over the image.";
  find(".about").textContent = isCam ? words.camNote(data) : asked;
}

/**
 * @param {Inside} inside
 * @param {Find} find
 * @param {Answer | undefined} answer
 */
function drawLayer(inside, find, answer) {
  const { data } = inside;
  const hasFilters = inside.answers.found().some((each) => each.filters !== null);
  const tab = hasFilters ? inside.tab : "maps";
  find("[data-tab=filters]").hidden = !hasFilters;
  find("[data-tab=maps]").textContent = data.shape.length === 1 ? "Values" : "Maps";
  for (const name of ["maps", "filters"])
    find(`[data-tab=${name}]`).setAttribute("aria-selected", String(name === tab));
  const grid = find(".grid");
  if (!answer) {
    grid.setAttribute("aria-label", "The maps are on their way");
    grid.classList.add("waits");
    return;
  }
  grid.classList.remove("waits");
  const facts =
    tab === "filters" && answer.filters
      ? words.filterFacts(answer.filters)
      : words.mapFacts(answer.maps, data.shape);
  find(".facts").textContent = `Layer ${data.layer}: ${facts}`;
  const after = `after epoch ${inside.player.epoch}`;
  grid.setAttribute("aria-label", `Layer ${data.layer} ${after}: ${facts}`);
  const all = inside.answers.found().map((each) => reading(inside, picturesOf(each, tab)));
  const on = shared(all);
  const pictures = reading(inside, picturesOf(answer, tab));
  const { filters } = answer;
  const name = (/** @type {number} */ which) =>
    tab === "filters" && filters ? words.filterName(filters, which) : String(which);
  drawGrid(grid, pictures, on, name);
  drawScale(find, on);
}

/**
 * @param {Answer} answer
 * @param {Tab} tab
 */
function picturesOf(answer, tab) {
  return tab === "filters" && answer.filters ? answer.filters : answer.maps;
}

/**
 * @param {Inside} inside
 * @param {Pictures} pictures
 */
function reading(inside, pictures) {
  const found = inside.read.get(pictures) ?? read(pictures);
  inside.read.set(pictures, found);
  return found;
}

/** @type {[side: number, size: number][]} of up to so many pixels a side, drawn this large */
const SIZES = [
  [1, 24],
  [7, 40],
  [15, 56],
  [Infinity, 76],
];

/**
 * @param {HTMLElement} grid
 * @param {Read} pictures
 * @param {{scale: number, signed: boolean}} on
 * @param {(which: number) => string} name
 */
function drawGrid(grid, pictures, on, name) {
  const [count, rows, columns] = pictures.shape;
  const size = SIZES.find(([side]) => Math.max(rows, columns) <= side)?.[1] ?? 76;
  grid.style.setProperty("--cell", `${size}px`);
  while (grid.children.length > count) grid.lastElementChild?.remove();
  while (grid.children.length < count) {
    const cell = document.createElement("div");
    cell.append(document.createElement("canvas"), document.createElement("span"));
    grid.append(cell);
  }
  [...grid.children].forEach((cell, which) => {
    const [canvas, label] = /** @type {[HTMLCanvasElement, HTMLElement]} */ ([...cell.children]);
    paint(canvas, rows, columns, coloursOf(pictures, which, on));
    canvas.style.aspectRatio = `${columns} / ${rows}`;
    label.textContent = name(which);
  });
}

/**
 * @param {Find} find
 * @param {{scale: number, signed: boolean}} on
 */
function drawScale(find, { scale, signed }) {
  find(".legend.values").classList.toggle("signed", signed);
  find(".values .low").textContent = signed ? number(-scale) : "0";
  find(".values .high").textContent = number(scale);
}
