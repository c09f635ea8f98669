// Made by Python, in component.py, from its tables of layers and blocks.

import type { Block, Kind } from "./types.js";

export const KINDS: Record<string, Kind>;
export const BLOCKS: Record<string, Block>;
/** The most layers of a stack. */
export const MAX_LAYERS: number;
