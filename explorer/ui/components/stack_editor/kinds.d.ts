// Made by Python, in component.py, from its tables of layers.

import type { Kind } from "./types.js";

export const KINDS: Record<string, Kind>;
/** What the row that begins a block of branches has. */
export const BRANCHES: Kind;
/** The most layers of a stack, merges counted. */
export const MAX_LAYERS: number;
/** The most branches of a block. */
export const MAX_BRANCHES: number;
/** How deep blocks can stand in each other. */
export const MAX_DEPTH: number;
