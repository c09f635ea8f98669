// The data of the canvas: what Python sends, and what is asked of it.

/** x and y of each point in turn, in units of the canvas. */
export type Stroke = number[];

export interface Drawing {
  /** The width of the pen, in units. */
  pen: number;
  strokes: Stroke[];
}

export interface Point {
  x: number;
  y: number;
}

/** An image as the network gets it. */
export interface Picture {
  rows: number;
  columns: number;
  colours: number;
  /** Base64 of its bytes. */
  pixels: string;
}

/** What the network makes of an image. */
export interface Answer {
  /** Of a drawing: which run was asked. */
  run?: string;
  epoch: number;
  /** null where nothing is drawn. */
  image: Picture | null;
  /** What was done to come to it. */
  words: string;
  /** Of each class, from 0 to 1; null where it is no number. */
  chances: (number | null)[];
  /** Of each layer its maps, one below the other: base64 of bytes. */
  maps: string[];
}

export interface Layer {
  index: number;
  title: string;
  shape: string;
  /** Of its maps, how many are shown. */
  count: number;
  rows: number;
  columns: number;
}

export interface Data {
  run: string;
  epoch: number;
  classes: string[];
  layers: Layer[];
  /** The index of the chosen one. */
  layer: number;
  drawing: Drawing;
  /** An image file in the canvas's place. */
  file: { picture: string; answer: Answer } | null;
}

/** Finds a part of the component, which is there. */
export type Find = <Part extends Element = HTMLElement>(selector: string) => Part;
