// Made by Python, in component.py. Pixels: for the arithmetic's patches, for a row of one, between
// two.

export const ROOM: number;
export const CELL: number;
export const GAP: number;
