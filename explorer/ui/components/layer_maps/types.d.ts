// The data of the layer's maps: what Python sends, and what it answers.

/** Pictures of one scale: base64 of int8 from -127 to 127, which stand for -scale to scale. */
export interface Pictures {
  /** Pictures, rows, columns. */
  shape: [number, number, number];
  /** 0 where all values are zero. */
  scale: number;
  /** Whether all values were numbers; those that were not are drawn as zero. */
  finite: boolean;
  values: string;
}

export interface Filters extends Pictures {
  /** Units and channels of the layer; of them these come, unit by unit. */
  of: [units: number, channels: number];
  units: number;
  channels: number;
}

/** One epoch. */
export interface Answer {
  /** The class that the network answers. */
  predicted: number;
  /** Of the right class and of the answered one. */
  probabilities: [right: number, predicted: number];
  maps: Pictures & { of: number };
  filters: Filters | null;
  /** As large as the image, for the right class and for the answered one. */
  cams: [right: Pictures, predicted: Pictures] | null;
}

export interface Occlusion {
  /** The patch's side, in pixels. */
  size: number;
  places: number;
  drops: [right: Pictures, predicted: Pictures];
}

/** What is asked about one epoch. */
export interface Question {
  run: string;
  epoch: number;
  row: number;
  image: number;
  occlusion: boolean;
  permit: string;
}

/** An answer; or a sentence, why there is none. */
export type Heard<Found> = Found | { refused: string };

export interface Picture {
  rows: number;
  columns: number;
  colours: number;
  /** Base64 of its bytes. */
  pixels: string;
}

export interface LayerMapsData {
  run: string;
  epochs: number[];
  row: number;
  /** Its path and kind: "5.1.0 Conv2d". */
  layer: string;
  shape: number[];
  /** The layer that Grad-CAM looks at. */
  cam: { layer: string; size: string } | null;
  image: number;
  /** What shows that this page's visitor may see the image; "" where everybody may. */
  permit: string;
  label: number;
  classes: string[];
  picture: Picture;
}

/** Pictures with their bytes read. */
export interface Read {
  shape: [number, number, number];
  scale: number;
  finite: boolean;
  values: Int8Array;
  signed: boolean;
}

/** Finds a part of the component, which is there. */
export type Find = <Part extends Element = HTMLElement>(selector: string) => Part;
