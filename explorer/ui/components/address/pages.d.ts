// Made by Python, in component.py.

/** The parameter of the address that names the page. */
export const PARAMETER: string;
/** The page that is shown where the address names none. */
export const FIRST: string;
/** All other parameters that an address can hold. */
export const HELD: string[];
