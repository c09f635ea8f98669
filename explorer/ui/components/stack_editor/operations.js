// What can be done with a list of rows, and asked of it. Nothing here knows the page.
//
// Lists and rows are never changed in place: every operation gives a new list that shares the rows
// it did not touch, so "what changed" is a comparison by identity. Operations take several uids at
// once, of layers and of the rows that begin blocks; a block is moved, copied and removed whole.

import { BLOCK, findRows, outline } from "./blocks.js";
import { BRANCHES, KINDS } from "./kinds.js";

/** @import { Field, Fix, Kind, Layer, PlainLayer, Stack, Value } from "./types.js" */

// --- making layers -------------------------------------------------------------------------------

let uidsMade = 0;

/** A uid that no other layer has. */
export function makeUid() {
  // crypto.randomUUID is missing on plain http, which is how a classroom reaches a laptop.
  uidsMade += 1;
  return `b${uidsMade}-${Math.random().toString(36).slice(2, 10)}`;
}

/**
 * A layer of this kind, with the arguments that torch has no default for.
 *
 * @param {string} kind
 * @returns {Layer}
 */
export function makeLayer(kind) {
  const required = KINDS[kind].fields.filter((field) => field.required);
  return {
    uid: makeUid(),
    kind,
    ...Object.fromEntries(required.map((field) => [field.name, field.initial])),
  };
}

/**
 * Rows of its own for what the palette has ready.
 *
 * @param {PlainLayer[]} rows
 * @returns {Layer[]}
 */
export function withUids(rows) {
  return rows.map((row) => ({ ...row, uid: makeUid() }));
}

// --- changing a list -----------------------------------------------------------------------------

/**
 * @param {Stack} stack
 * @param {number} at
 * @param {Stack} layers
 * @returns {Stack}
 */
export function insertLayers(stack, at, layers) {
  return [...stack.slice(0, at), ...layers, ...stack.slice(at)];
}

/**
 * @param {Stack} stack
 * @param {string[]} uids
 * @returns {Stack}
 */
export function removeLayers(stack, uids) {
  const rows = findRows(stack, uids);
  return stack.filter((_, place) => !rows.has(place));
}

/**
 * Copies of these layers, `times` of the whole run, after the last of the originals.
 *
 * @param {Stack} stack
 * @param {string[]} uids
 * @returns {{stack: Stack, copies: Layer[]}}
 */
export function duplicateLayers(stack, uids, times = 1) {
  const rows = [...findRows(stack, uids)];
  const copyAll = () => rows.map((place) => ({ ...stack[place], uid: makeUid() }));
  const copies = Array.from({ length: times }, copyAll).flat();
  return { stack: insertLayers(stack, (rows.at(-1) ?? -1) + 1, copies), copies };
}

/**
 * Move layers into a gap between the rows as they stand: 0 is above the first, stack.length below
 * the last. A gap inside a block that is to move leaves all as it is.
 *
 * @param {Stack} stack
 * @param {string[]} uids
 * @param {number} gap
 * @returns {Stack}
 */
export function moveLayers(stack, uids, gap) {
  if (isGapInside(stack, uids, gap)) return stack;
  const rows = findRows(stack, uids);
  const isStaying = (/** @type {number} */ place) => !rows.has(place);
  return [
    ...stack.slice(0, gap).filter((_, place) => isStaying(place)),
    ...[...rows].map((place) => stack[place]),
    ...stack.slice(gap).filter((_, place) => isStaying(gap + place)),
  ];
}

/**
 * Whether a gap is inside one of these blocks.
 *
 * @param {Stack} stack
 * @param {string[]} uids
 * @param {number} gap
 */
export function isGapInside(stack, uids, gap) {
  return outline(stack).some(
    ({ start, end }, place) =>
      place === start && start < gap && gap <= end && uids.includes(stack[place].uid),
  );
}

/**
 * @param {Stack} stack
 * @param {string} uid
 * @param {string} name
 * @param {Value} value
 * @returns {Stack}
 */
export function setArgument(stack, uid, name, value) {
  return stack.map((layer) => (layer.uid === uid ? { ...layer, [name]: value } : layer));
}

/**
 * Make the change that Python offers. A layer that stays the same kind keeps its row.
 *
 * @param {Stack} stack
 * @param {Fix} fix
 * @returns {Stack}
 */
export function applyFix(stack, { at, remove, layers }) {
  const spare = stack.slice(at, at + remove);
  const takeUid = (/** @type {PlainLayer} */ layer) => {
    const same = spare.findIndex((each) => each.kind === layer.kind);
    return same < 0 ? makeUid() : spare.splice(same, 1)[0].uid;
  };
  const fixed = layers.map((layer) => ({ ...layer, uid: takeUid(layer) }));
  return [...stack.slice(0, at), ...fixed, ...stack.slice(at + remove)];
}

// --- asking a list or a layer --------------------------------------------------------------------

/**
 * Where this layer stands; -1 where it does not.
 *
 * @param {Stack} stack
 * @param {string | null | undefined} uid
 */
export function findPlace(stack, uid) {
  return stack.findIndex((layer) => layer.uid === uid);
}

/**
 * @param {Stack} stack
 * @param {string} uid
 * @returns {Layer}
 */
export function findLayer(stack, uid) {
  const layer = stack[findPlace(stack, uid)];
  if (!layer) throw new RangeError(`no layer has the uid ${uid}`);
  return layer;
}

/**
 * The first row whose numbers may differ between two lists: all above it are the same layers in the
 * same order.
 *
 * @param {Stack} a
 * @param {Stack} b
 */
export function findFirstDifference(a, b) {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  return at;
}

/**
 * Whether two lists are the same network, whatever uids the rows have and whether an argument is
 * named or left to its default.
 *
 * @param {Stack} a
 * @param {Stack} b
 */
export function areSameLayers(a, b) {
  const text = (/** @type {Stack} */ stack) =>
    JSON.stringify(
      stack.map((layer) => [
        layer.kind,
        ...findKind(layer).fields.map((field) => trimmed(readArgument(layer, field))),
      ]),
    );
  return text(a) === text(b);
}

/**
 * As Python has it, which keeps no blanks around a name.
 *
 * @param {Value} value
 */
function trimmed(value) {
  return typeof value === "string" ? value.trim() : value;
}

/** @type {Kind} of the rows that divide and end a block, which have nothing to set */
const NO_KIND = { group: "", summary: "", fields: [] };

/**
 * @param {Layer} layer
 * @returns {Kind}
 */
export function findKind({ kind }) {
  return kind === BLOCK ? BRANCHES : (KINDS[kind] ?? NO_KIND);
}

/**
 * @param {Layer} layer
 * @param {string} name
 * @returns {Field | undefined}
 */
export function findField(layer, name) {
  return findKind(layer).fields.find((field) => field.name === name);
}

/**
 * An argument's value, its default where the layer does not name it.
 *
 * @param {Layer} layer
 * @param {Field} field
 * @returns {Value}
 */
export function readArgument(layer, field) {
  return field.name in layer ? layer[field.name] : field.initial;
}

/**
 * @param {Layer} layer
 * @param {Field} field
 */
export function isDefault(layer, field) {
  return String(readArgument(layer, field)) === String(field.initial);
}
