// The data of the field view: what Python sends, and what is asked of it.

/** Pixels that follow each other along one axis: the first, and how many. */
export type Run = [first: number, count: number];

/** Rows times columns of pixels. */
export interface Seen {
  rows: Run[];
  columns: Run[];
}

/** The units along one axis of the layer's map. */
export interface Axis {
  /** Of the image. */
  pixels: number;
  /** For each unit what it sees. */
  seen: Run[][];
  /** For each unit where its window begins. */
  first: number[];
  /** For each unit the size of its window; 0 where it has none. */
  window: number[];
  /** For each unit how much of its window lies on the image. */
  inside: number[];
  /** What no unit sees. */
  unseen: Run[];
}

/** An axis as it is sent: what can be told of all units at once is. */
export interface SentAxis {
  pixels: number;
  units: number;
  /** Where the step from each unit to the next is the same: the first unit's, and the step. */
  first: { from: number; by: number } | number[];
  /** One number where all are the same. */
  window: number | number[];
  /** null where each unit sees all of its window that lies on the image. */
  seen: Run[][] | null;
  /** null where it is all of each window that lies on the image. */
  inside: number | number[] | null;
  unseen: Run[];
}

export interface Image {
  /** Names the picture: an ask says which one the panel holds already. */
  key: string;
  count: number;
  dataset: string;
  /** Why another data set's images stand here; "" where they are the chosen ones. */
  instead: string;
  rows: number;
  columns: number;
  colours: number;
  /** Base64 of its bytes; null where the panel holds it. */
  pixels: string | null;
}

export type Mode = "exact" | "effective" | "arithmetic";

/** What the visitor chose. */
export interface Choice {
  mode: Mode;
  channel: number;
  /** All channels at once? null: as the layer suggests. */
  together: boolean | null;
  /** The unit, as a share of the map's rows and columns. */
  at: [number, number];
  /** The image's number. */
  image: number;
  /** The first input channel of the arithmetic. */
  first: number;
  trained: boolean;
}

/** What Python is asked: the choice, of which layer of which network, and the picture that is here already. */
export type FieldViewRequest = Choice & { of: string; holds: string };

export interface Effective {
  unit: [number, number];
  channel: number | null;
  finite: boolean;
  map: string;
  half: number;
  strongest: [number, number] | null;
  images: number;
}

export interface Arithmetic {
  /** For each unit the row of each tap; below zero in the border. */
  rows: number[][];
  columns: number[][];
  channels: [begin: number, count: number];
  shown: { channel: number; values: string; kernel: string; sums: string }[];
  others: number;
  rest: string;
  bias: string | null;
  value: string;
  normalised: string;
  shape: [number, number];
  input: [number, number];
  /** For each axis and tap where it lies for unit 0, and how far for the next. */
  window: [start: number, step: number][][];
  border: number[];
}

export interface Answered {
  to: string;
  tooLarge?: boolean;
  weights?: { untrained: string; trained: string | null; used: string };
  values?: { channel: number | null; map: string; shape: [number, number] };
  effective?: Effective;
  arithmetic?: Arithmetic;
}

export interface FieldData {
  kind: string;
  /** Its kind, or what its merge does. */
  title: string;
  /** Its path: "5.1.0". */
  place: string;
  /** Does it take the image itself? */
  takesImage: boolean;
  isMap: boolean;
  channels: number;
  channelsIn: number;
  theoretical: [number, number];
  /** Numbers of pixels; a fraction, as on a map that was enlarged, is text. */
  jump: [number | string, number | string] | null;
  rows: SentAxis;
  /** null where they are as the rows are. */
  columns: SentAxis | null;
  /**
   * For each unit its rows, and for each its columns: what a unit sees is all of these together.
   * null where it is `rows` times `columns`.
   */
  products: { rows: Run[][]; columns: Run[][] }[] | null;
  note: string;
  /** Do its values still see apart from each other, though they have no place any more? */
  apart: boolean;
  of: string;
  ask: FieldViewRequest;
  image: Image;
  names: string[] | null;
  answer: Answered | null;
}

/** The same with both axes, written out. */
export type Field = Omit<FieldData, "rows" | "columns"> & { rows: Axis; columns: Axis };

/** A cell of a grid. */
export interface Cell {
  row: number;
  column: number;
}

export interface Grid {
  rows: number;
  columns: number;
}

/** A byte each of red, green, blue and alpha, red the lowest: as a canvas holds a pixel. */
export type Colour = number;

export interface Words {
  title: string;
  facts: [name: string, value: string, help?: string][];
  note: string;
}

/** Finds a part of the component, which is there. */
export type Find = <Part extends Element = HTMLElement>(selector: string) => Part;
