// Made by Python, in pages.py.

/** The parameter of the address that names the page. */
export const PARAMETER: string;
/** The pages, in their order; the first is shown where the address names none. */
export const PAGES: { name: string; title: string }[];
