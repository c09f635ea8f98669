// Part 1 of the stack editor: the stack as data.
//
// A stack is an array of layers {uid, kind, ...arguments}. Layers and stacks are never changed in place: every
// operation gives a new array that shares the layers it did not touch, so "what changed" is a comparison by identity.
// Operations take several uids at once.

import { BLOCKS, KINDS } from "./kinds.js";

let uidsMade = 0;

export function newUid() {
  // crypto.randomUUID is missing on plain http, which is how a classroom reaches a laptop.
  uidsMade += 1;
  return `b${uidsMade}-${Math.random().toString(36).slice(2, 10)}`;
}

export function newLayer(kind) {
  const required = KINDS[kind].fields.filter((field) => field.required);
  return { uid: newUid(), kind, ...Object.fromEntries(required.map((field) => [field.name, field.initial])) };
}

// A block's layers where `channels` maps come in and the data set has `classes`: its template says those two by name.
export function blockLayers(name, channels, classes) {
  const numbers = { channels, classes };
  const filled = ([key, value]) => [key, key === "kind" ? value : (numbers[value] ?? value)];
  return BLOCKS[name].template.map((layer) => ({ uid: newUid(), ...Object.fromEntries(Object.entries(layer).map(filled)) }));
}

export function placeOf(stack, uid) {
  return stack.findIndex((layer) => layer.uid === uid);
}

export function inserted(stack, at, layers) {
  return [...stack.slice(0, at), ...layers, ...stack.slice(at)];
}

export function removed(stack, uids) {
  return stack.filter((layer) => !uids.includes(layer.uid));
}

// The copies, `times` of the whole run, follow the last of the originals.
export function duplicated(stack, uids, times = 1) {
  const originals = stack.filter((layer) => uids.includes(layer.uid));
  const copies = Array.from({ length: times }, () => originals.map((layer) => ({ ...layer, uid: newUid() }))).flat();
  const last = stack.findLastIndex((layer) => uids.includes(layer.uid));
  return { stack: inserted(stack, last + 1, copies), copies };
}

// `gap` counts the spaces between rows as they stand: 0 is above the first, stack.length below the last.
export function moved(stack, uids, gap) {
  const moving = stack.filter((layer) => uids.includes(layer.uid));
  const above = stack.slice(0, gap).filter((layer) => !uids.includes(layer.uid));
  const below = stack.slice(gap).filter((layer) => !uids.includes(layer.uid));
  return [...above, ...moving, ...below];
}

export function withArgument(stack, uid, name, value) {
  return stack.map((layer) => (layer.uid === uid ? { ...layer, [name]: value } : layer));
}

export function argument(layer, field) {
  return field.name in layer ? layer[field.name] : field.initial;
}

export function isDefault(layer, field) {
  return String(argument(layer, field)) === String(field.initial);
}

// The first row whose numbers may differ between two stacks: all above it are the same layers in the same order.
export function firstDifference(a, b) {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  return at;
}

export function sameLayers(a, b) {
  const plain = (stack) => JSON.stringify(stack.map(({ uid, ...layer }) => Object.entries(layer).sort()));
  return plain(a) === plain(b);
}
