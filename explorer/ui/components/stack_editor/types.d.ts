// The data of the stack editor: what Python sends, what is sent to it, and what the editor knows.

import type { Conversation } from "./protocol.js";
import type { InView } from "./in_view.js";
import type { History } from "./history.js";

// --- the palette ---------------------------------------------------------------------------------

export type Value = number | string | boolean | null | number[];

/** An argument of a kind of layer, and what it takes. */
export interface Field {
  name: string;
  type: "int" | "float" | "pair" | "quad" | "bool" | "choice" | "text";
  /** May it be left empty? */
  optional: boolean;
  /** Words that it takes beside numbers, like "same". */
  words: string[];
  /** All that it takes, where it is a choice. */
  choices?: Value[];
  min: number;
  /** The largest number; of a text, the most characters. */
  max: number;
  /** Is `min` itself not allowed? */
  above_min?: boolean;
  initial: Value;
  required: boolean;
  /** Does it stand on the row, rather than in the row's details? */
  on_row: boolean;
  /** What an arrow key adds; null where stepping makes no sense. */
  step: number | null;
  /** What an empty one stands for: another argument's name, or a word. */
  empty: string | null;
  help: string;
  /** What it takes, for people. */
  expected: string;
}

export interface Kind {
  group: string;
  summary: string;
  fields: Field[];
}

/** A layer as a file has it. */
export type PlainLayer = { kind: string } & { [argument: string]: Value };

// --- the stack -----------------------------------------------------------------------------------

/**
 * A layer in the editor, or a row that begins, divides or ends a block: see blocks.js. Its `uid` stays with it while it is
 * moved and changed, so that it keeps its row on the page.
 */
export type Layer = PlainLayer & { uid: string };

/** The rows from the first to the last. Never changed in place: each operation gives a new one. */
export type Stack = readonly Layer[];

/** Where a row stands in the tree of layers and blocks. */
export interface Placed {
  /** A layer, or a row that begins a block, its next branch, or ends it. */
  role: "layer" | "begin" | "next" | "end";
  /** The address of the layer, or of the block that the row belongs to. */
  path: readonly number[];
  /** How many blocks are around the layer or the block. */
  depth: number;
  /** The layer's or the block's first row, and its last. */
  start: number;
  end: number;
  /** The row that begins the block around it; -1 where there is none. */
  around: number;
  /** Of a row that begins or ends a branch, the number of that branch, from 0. */
  branch: number;
}

// --- what Python sends ---------------------------------------------------------------------------

/** The uid of a layer, or of the row that begins a block for its merge; its output's shape, its receptive field, its parameters; last, of the field what lies inside the image. */
export type Row = [uid: string, shape: number[], sees: number[], params: number, within?: number[]];

export interface Numbers {
  shape: number[];
  sees: number[];
  within: number[];
  /** Null where it is not known of all that a folded block holds. */
  params: number | null;
}

/** A change of the stack: at a place, so many rows out and these in. */
export interface Fix {
  at: number;
  remove: number;
  layers: PlainLayer[];
}

/** What is wrong with a layer, and what would be right. */
export interface Problem {
  uid?: string;
  message: string;
  remedy?: string | null;
  fix?: Fix | null;
  /** Another remedy, as good. */
  alternative?: { remedy: string; fix: Fix } | null;
  /** It is of a layer that a folded block holds. */
  isInside?: boolean;
}

export interface Hint {
  uid: string;
  message: string;
  fix: Fix | null;
}

/** What a stack's layers do. */
export interface Analysis {
  /** Fewer than layers where one does not fit. */
  rows: Row[];
  problem: (Problem & { uid: string }) | null;
  hints: Hint[];
}

/** What an analysis is of. */
export interface Question {
  /** Counts the stacks that Python put in place of another. */
  base: number;
  stack: Stack;
  /** The images' shape. */
  input: number[];
}

/** What a lesson leaves out. */
export interface Lesson {
  /** May layers be added? */
  adds: boolean;
  /** The numbers that are hidden until they were guessed. */
  guess: ("shape" | "field" | "params")[];
  /** Those that were guessed, by uid and by which number, as they are written. */
  revealed: Record<string, Partial<Record<string, string>>>;
}

export interface Answer {
  /** The component's key. */
  key: string;
  /** Counts the stacks that Python put in place of another. */
  base: number;
  /** The newest draft that this answers. */
  seq: number;
  /** The layers, for an editor that has not got them; `work` names what they belong to. */
  whole: { stack: Layer[]; work: number } | null;
  selected: string | null;
  /** The layer that the panel beside tells of. */
  described: string | null;
  /** The images' shape. */
  input: number[];
  /** How many classes the data set has. */
  classes: number;
  /** Null for an editor that asks for it by itself. */
  analysis: Analysis | null;
  /** Absent where there is no lesson, or none that makes a difference here. */
  lesson?: Lesson;
  /** Why the draft was not accepted, and which of its layers is to blame. */
  refusal: { index: number | null; message: string } | null;
}

// --- what is sent to Python ----------------------------------------------------------------------

export interface Draft {
  base: number;
  seq: number;
  work: number;
  /** Does this editor ask for the analysis by itself, so that the answer need not bring it? */
  asked: boolean;
  stack: Stack;
  selected: string | null;
}

// --- the editor ----------------------------------------------------------------------------------

/** What undo brings back. */
export interface Snapshot {
  stack: Stack;
  selected: string | null;
  work: number;
}

/** What a text is, that is no value: null while more typing may make one of it. */
export interface Wrong {
  message: string | null;
}

/** A row's node, with what was drawn last. */
export type RowNode = HTMLElement & { drawn?: { layer: Layer; view: string } };

export interface Editor {
  // parts of the page
  root: HTMLElement;
  scroller: HTMLElement;
  list: HTMLElement;
  /** The picture of the network beside it. */
  graph: HTMLElement;
  /** The line that shows where dragged rows would go. */
  drop: HTMLElement;
  status: HTMLElement;
  palette: HTMLElement;
  search: HTMLInputElement;
  options: HTMLElement;
  keys: HTMLElement;
  /** What can be done with blocks. */
  menu: HTMLElement;
  /** The bar of what can be done with several rows. */
  several: HTMLElement;
  times: HTMLInputElement;
  /** By uid. */
  rows: Map<string, RowNode>;
  inView: InView;

  // the work
  stack: Stack;
  selected: string | null;
  work: number;
  history: History;
  conversation: Conversation;

  // what Python answered
  numbers: Map<string, Numbers>;
  problem: Problem | null;
  hints: Map<string, Hint[]>;
  described: string | null;
  input: number[];
  classes: number;
  lesson: Lesson | null;

  // what only the browser knows
  /** Uids, where more than the selected one is chosen. */
  chosen: Set<string>;
  /** Uids of the rows that begin folded blocks. */
  folded: Set<string>;
  /** The row that Shift reaches from. */
  anchor: string | null;
  /** Texts that are no values and are not sent, by uid and argument. */
  wrong: Map<string, Map<string, Wrong>>;
  /** Uids of the rows whose details are shown. */
  open: Set<string>;
  /** Is the page being drawn, so that a focus that moves is nobody's doing? */
  drawing: boolean;
  /** Is a button of the pointer down? */
  pressing: boolean;
  /** The uid under which hints stand. */
  hinted: string | null;
  /** Did the pointer go down on an input that did not have the focus? */
  entered: boolean;
  /** Where the palette adds. */
  insertAt: number;
  hush?: ReturnType<typeof setTimeout>;
  fitting?: ReturnType<typeof setTimeout>;
  /** Takes back what was listened to outside the editor. */
  stopListening: () => void;
}
