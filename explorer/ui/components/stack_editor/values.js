// Arguments as text. What a field takes is said by its entry in KINDS.

import { readArgument } from "./operations.js";

/** @import { Field, Layer, Value } from "./types.js" */

const SEPARATOR = /\s*[×xX*,;\s]\s*/;
/** @type {Record<string, number[]>} how many numbers a text may hold */
const COUNTS = { int: [1], float: [1], pair: [1, 2], quad: [1, 4] };

/** @param {Value | undefined} value */
export function valueText(value) {
  if (value === null || value === undefined) return "";
  return Array.isArray(value) ? value.join("×") : String(value);
}

/**
 * Text as a value: {value}, or {unfinished: true} where more typing may make one of it, or {wrong:
 * true}.
 *
 * @param {string} text
 * @param {Field} field
 * @returns {{value: Value} | {unfinished: true} | {wrong: true}}
 */
export function readText(text, field) {
  // Characters are counted as Python counts them.
  if (field.type === "text")
    return [...text].length > field.max ? { wrong: true } : { value: text };
  const trimmed = text.trim();
  if (trimmed === "") return field.optional ? { value: null } : { unfinished: true };
  if (field.words.includes(trimmed)) return { value: trimmed };
  if (field.words.some((word) => word.startsWith(trimmed))) return { unfinished: true };
  const plain = trimmed.replace(/^[([]\s*(.*?)\s*,?\s*[)\]]$/, "$1"); // (3, 5), as torch writes it
  if (/^[([]/.test(plain)) return { unfinished: true };
  const parts = field.type === "float" ? [plain.replace(",", ".")] : plain.split(SEPARATOR);
  const counts = COUNTS[field.type];
  if (parts.length > Math.max(...counts)) return { wrong: true };
  const values = parts.map((part) => readNumber(part, field));
  if (values.includes("wrong")) return { wrong: true };
  if (values.includes("unfinished") || !counts.includes(parts.length)) return { unfinished: true };
  const numbers = /** @type {number[]} */ (values);
  return { value: numbers.every((number) => number === numbers[0]) ? numbers[0] : numbers };
}

/**
 * @param {string} text
 * @param {Field} field
 * @returns {number | "unfinished" | "wrong"}
 */
function readNumber(text, field) {
  const whole = /^[+-]?\d+$/;
  const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const begun = field.type === "float" ? /^[+-]?(\d*\.?\d*)(e[+-]?)?$/i : /^[+-]?$/;
  if (!(field.type === "float" ? decimal : whole).test(text))
    return begun.test(text) ? "unfinished" : "wrong";
  const value = Number(text);
  if (value > field.max) return "wrong";
  if (value < field.min || (field.above_min && value <= field.min)) {
    // 0.0 on the way to 0.05, where 0 is not allowed.
    return value === 0 && field.type === "float" ? "unfinished" : "wrong";
  }
  return value;
}

/**
 * The text one arrow key further, or null where there is nothing to step: each number of a pair
 * moves alike.
 *
 * @param {string} text
 * @param {Field} field
 * @param {number} by
 */
export function stepText(text, field, by) {
  const { step } = field;
  if (!step) return null;
  const read = readText(text, field);
  if (!("value" in read) || read.value === null || typeof read.value === "string") return null;
  const move = (/** @type {number} */ value) => {
    const next = Math.min(field.max, Math.max(field.min, value + by * step));
    return Number(next.toFixed(6)); // 0.1 + 0.05 is 0.15000000000000002
  };
  return valueText(/** @type {number[]} */ ([read.value].flat()).map(move));
}

/** @param {Field} field */
export function describeExpected(field) {
  return `${field.name} must be ${field.expected}`;
}

/**
 * A hidden argument that is not at its default, in as few words as can be: "bias off", "groups 8".
 *
 * @param {Layer} layer
 * @param {Field} field
 */
export function chipText(layer, field) {
  const value = readArgument(layer, field);
  if (field.type === "bool") return `${field.name} ${value ? "on" : "off"}`;
  return `${field.name} ${value === null ? field.empty : valueText(value)}`;
}

/**
 * (8, 26, 26) as "8×26×26".
 *
 * @param {number[]} sizes
 */
export function sizeText(sizes) {
  return sizes.join("×");
}
