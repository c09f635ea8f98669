// What the palette adds in one step: layers that go together, and blocks of branches. Each is made
// of the numbers that it asks for, and of the channels that come in at its place.

import { BLOCK, END, NEXT } from "./blocks.js";
import { KINDS } from "./kinds.js";
import { counted } from "./words.js";

/** @import { PlainLayer } from "./types.js" */

/**
 * A number that is asked for before something is made.
 *
 * @typedef {object} Ask
 * @property {string} name
 * @property {string} title
 * @property {(channels: number) => number} initial  where so many channels come in
 * @property {(channels: number) => number} max  the same; at least it is 1
 */

/**
 * The numbers asked for by name, the channels that come in, and the classes of the data set.
 *
 * @typedef {{channels: number, classes: number} & Record<string, number>} Numbers
 */

/**
 * @typedef {object} ReadyMade
 * @property {string} title
 * @property {string} group
 * @property {string} summary
 * @property {Ask[]} asks
 * @property {(numbers: Numbers) => PlainLayer[]} make  its rows
 * @property {(numbers: Numbers) => string} [tell]  what follows from the numbers, in a sentence
 */

// --- layers --------------------------------------------------------------------------------------

/** @type {Record<string, PlainLayer>} */
const LAYER = {
  norm: { kind: "BatchNorm2d" },
  relu: { kind: "ReLU" },
  relu6: { kind: "ReLU6" },
  pooled: { kind: "AdaptiveAvgPool2d", output_size: 1 },
  flatten: { kind: "Flatten" },
};
const { norm: BATCH_NORM, relu: RELU, relu6: RELU6, pooled: POOLED, flatten: FLATTEN } = LAYER;

/**
 * A convolution that keeps the map's size where the stride is 1.
 *
 * @param {number} channels  that it gives
 * @param {number} size  of its window
 * @param {Record<string, number | boolean>} more
 * @returns {PlainLayer}
 */
function conv(channels, size, more = {}) {
  const layer = { kind: "Conv2d", out_channels: channels, kernel_size: size };
  return size > 1 ? { ...layer, padding: (size - 1) / 2, ...more } : { ...layer, ...more };
}

/**
 * A convolution that is normalised, and so needs no bias.
 *
 * @param {number} channels
 * @param {number} size
 * @param {Record<string, number | boolean>} more
 */
function normalised(channels, size, more = {}) {
  return [conv(channels, size, { ...more, bias: false }), BATCH_NORM];
}

// --- blocks --------------------------------------------------------------------------------------

/**
 * @param {"add" | "concat" | "multiply"} merge
 * @param {PlainLayer[][]} branches
 * @returns {PlainLayer[]}
 */
function block(merge, ...branches) {
  const rows = branches.flatMap((branch, number) =>
    number ? [{ kind: NEXT }, ...branch] : branch,
  );
  return [{ kind: BLOCK, merge }, ...rows, { kind: END }];
}

/**
 * A block that adds its input to what its layers make of it: the skip is a 1×1 convolution where
 * that has another shape.
 *
 * @param {PlainLayer[]} layers
 * @param {Numbers} numbers
 */
function residual(layers, numbers) {
  const skip = keepsShape(numbers) ? [] : normalised(numbers.out, 1, strided(numbers.stride));
  return [...block("add", layers, skip), RELU];
}

/**
 * @param {number} stride
 * @returns {Record<string, number>}
 */
function strided(stride) {
  return stride > 1 ? { stride } : {};
}

/** @param {Numbers} numbers */
function keepsShape({ channels, out, stride }) {
  return channels === out && stride === 1;
}

/** @param {Numbers} numbers */
function tellSkip(numbers) {
  return keepsShape(numbers)
    ? "The skip passes its input on as it is."
    : "The shape changes, so the skip is a 1×1 convolution.";
}

/** @param {Numbers} numbers */
function invertedResidual(numbers) {
  const { channels, expansion, out, stride } = numbers;
  const wide = channels * expansion;
  const widen = expansion > 1 ? [...normalised(wide, 1), RELU6] : [];
  const depthwise = normalised(wide, 3, { ...strided(stride), groups: wide });
  const layers = [...widen, ...depthwise, RELU6, ...normalised(out, 1)];
  return keepsShape(numbers) ? block("add", layers, []) : layers;
}

/** @param {Numbers} numbers */
function inception({ one, reduce3, three, reduce5, five, pooled }) {
  const active = (/** @type {number} */ channels, /** @type {number} */ size) => [
    ...normalised(channels, size),
    RELU,
  ];
  const pool = { kind: "MaxPool2d", kernel_size: 3, stride: 1, padding: 1 };
  return block(
    "concat",
    active(one, 1),
    [...active(reduce3, 1), ...active(three, 3)],
    [...active(reduce5, 1), ...active(five, 5)],
    [pool, ...active(pooled, 1)],
  );
}

/** @param {Numbers} numbers */
function dense({ layers, growth }) {
  const layer = [BATCH_NORM, RELU, conv(growth, 3, { bias: false })];
  return Array.from({ length: layers }, () => block("concat", [], layer)).flat();
}

/** @param {Numbers} numbers */
function squeezeAndExcitation({ channels, reduction }) {
  const squeezed = squeezedTo(channels, reduction);
  return block(
    "multiply",
    [],
    [POOLED, conv(squeezed, 1), RELU, conv(channels, 1), { kind: "Sigmoid" }],
  );
}

/**
 * @param {number} channels
 * @param {number} by
 */
function squeezedTo(channels, by) {
  return Math.max(1, Math.floor(channels / by));
}

// --- what is asked -------------------------------------------------------------------------------

const MOST_CHANNELS = KINDS.Conv2d.fields.find(({ name }) => name === "out_channels")?.max ?? 1;

/** @typedef {number | ((channels: number) => number)} Count  one for all channels, or by them */

/**
 * @param {string} name
 * @param {string} title
 * @param {Count} initial
 * @param {Count} max
 * @returns {Ask}
 */
function ask(name, title, initial, max = MOST_CHANNELS) {
  const by = (/** @type {Count} */ count) => (typeof count === "number" ? () => count : count);
  return { name, title, initial: by(initial), max: by(max) };
}

/** @param {number} channels */
function mostExpansion(channels) {
  return Math.max(1, Math.min(16, Math.floor(MOST_CHANNELS / channels)));
}

const OUT = ask("out", "Output channels", (channels) => channels);
const STRIDE = ask("stride", "Stride", 1, 4);

// --- the table -----------------------------------------------------------------------------------

const [SEQUENCES, BLOCKS] = ["Layers that go together", "Blocks of branches"];

/** @type {Record<string, ReadyMade>} */
export const READY_MADE = {
  "conv-bn-relu": {
    title: "Conv-BN-ReLU",
    group: SEQUENCES,
    summary: "convolution without bias, normalised, then ReLU",
    asks: [],
    make: () => [...normalised(16, 3), RELU],
  },
  "conv-relu-bn-dropout": {
    title: "Conv-ReLU-BN-Dropout",
    group: SEQUENCES,
    summary: "convolution, ReLU, normalised, with dropout",
    asks: [],
    make: () => [conv(16, 3), RELU, BATCH_NORM, { kind: "Dropout", p: 0.1 }],
  },
  transition: {
    title: "1×1 transition + pool",
    group: SEQUENCES,
    summary: "fewer maps by a 1×1 convolution, then half the size",
    asks: [],
    make: () => [conv(8, 1), { kind: "MaxPool2d", kernel_size: 2 }],
  },
  "depthwise-separable": {
    title: "Depthwise-separable pair",
    group: SEQUENCES,
    summary: "one 3×3 kernel per map, then a 1×1 convolution that mixes the maps",
    asks: [],
    make: ({ channels }) => [conv(channels, 3, { groups: channels }), conv(16, 1)],
  },
  "gap-head": {
    title: "GAP head",
    group: SEQUENCES,
    summary: "global average pooling, then one value per class",
    asks: [],
    make: ({ classes }) => [POOLED, FLATTEN, { kind: "Linear", out_features: classes }],
  },
  residual: {
    title: "Residual block",
    group: BLOCKS,
    summary: "ResNet's: two 3×3 convolutions, added to what comes in",
    asks: [OUT, STRIDE],
    make: (numbers) => {
      const { out, stride } = numbers;
      const first = [...normalised(out, 3, strided(stride)), RELU];
      return residual([...first, ...normalised(out, 3)], numbers);
    },
    tell: tellSkip,
  },
  bottleneck: {
    title: "Residual bottleneck",
    group: BLOCKS,
    summary: "ResNet-50's: 1×1 to fewer channels, 3×3, 1×1 back, added to what comes in",
    asks: [
      ask("inside", "Channels of the 3×3", (channels) => squeezedTo(channels, 4)),
      OUT,
      STRIDE,
    ],
    make: (numbers) => {
      const { inside, out, stride } = numbers;
      const narrow = [...normalised(inside, 1), RELU];
      const look = [...normalised(inside, 3, strided(stride)), RELU];
      return residual([...narrow, ...look, ...normalised(out, 1)], numbers);
    },
    tell: tellSkip,
  },
  "inverted-residual": {
    title: "Inverted residual",
    group: BLOCKS,
    summary: "MobileNetV2's: 1×1 to more channels, depthwise 3×3, 1×1 to few",
    asks: [ask("expansion", "Expansion", 4, mostExpansion), OUT, STRIDE],
    make: invertedResidual,
    tell: (numbers) =>
      keepsShape(numbers)
        ? "The skip passes its input on as it is."
        : "The shape changes, so there is no skip.",
  },
  inception: {
    title: "Inception",
    group: BLOCKS,
    summary: "GoogLeNet's: windows of three sizes and pooling side by side, concatenated",
    asks: [
      ask("one", "1×1", 8),
      ask("reduce3", "1×1 before 3×3", 8),
      ask("three", "3×3", 16),
      ask("reduce5", "1×1 before 5×5", 4),
      ask("five", "5×5", 8),
      ask("pooled", "1×1 after pooling", 8),
    ],
    make: inception,
    tell: ({ one, three, five, pooled }) =>
      `Together they give ${one + three + five + pooled} channels.`,
  },
  dense: {
    title: "Dense block",
    group: BLOCKS,
    summary: "DenseNet's: each layer gets the maps of all before it, and adds a few",
    asks: [ask("layers", "Layers", 3, 16), ask("growth", "New maps per layer", 8)],
    make: dense,
    tell: ({ channels, layers, growth }) =>
      `${counted(channels, "channel")} in, ${channels + layers * growth} out.`,
  },
  "squeeze-and-excitation": {
    title: "Squeeze and excitation",
    group: BLOCKS,
    summary: "SENet's: each channel is weighted by what the whole map shows",
    asks: [ask("reduction", "Reduction", 4, 64)],
    make: squeezeAndExcitation,
    tell: ({ channels, reduction }) =>
      `${counted(channels, "channel")}, squeezed to ${squeezedTo(channels, reduction)}.`,
  },
};

/**
 * The numbers that it begins with where so many channels come in.
 *
 * @param {ReadyMade} readyMade
 * @param {number} channels
 * @returns {Record<string, number>}
 */
export function initialNumbers({ asks }, channels) {
  return Object.fromEntries(
    asks.map(({ name, initial, max }) => [name, Math.min(initial(channels), max(channels))]),
  );
}
