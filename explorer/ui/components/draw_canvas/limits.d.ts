// Made by Python, in component.py: what a drawing may have.

/** Of a side of the canvas, in which points are counted. */
export const UNITS: number;
export const MAX_POINTS: number;
export const MAX_STROKES: number;
/** Units from one point of a stroke to the next, at least. */
export const MIN_STEP: number;
