// Made by Python, in component.py.

/** How mult-adds are counted, for people. */
export const MULT_ADDS_RULE: string;
/** Of each measure's bars, for the light and for the dark page. */
export const COLOURS: { params: string; mult_adds: string };
