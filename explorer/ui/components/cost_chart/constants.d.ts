// Made by Python, in component.py.

/** How mult-adds are counted, for people. */
export const MULT_ADDS_RULE: string;
/** Of the bars of parameters and of mult-adds, for the light and for the dark page. */
export const COLOURS: [params: string, multAdds: string];
