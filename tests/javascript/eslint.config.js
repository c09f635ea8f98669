// The rules for the scripts of the pages and for their tests: eslint's recommended ones, and a few
// more, each with its reason.
// Run from the project's own folder, as the scripts do not lie below this file: see package.json.

import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/node_modules/**"] },
  js.configs.recommended,
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: "latest", sourceType: "module" },
    rules: {
      eqeqeq: ["error", "always"], // "" == 0 holds, and arguments are texts and numbers
      "no-var": "error", // its scope is the function, not the block
      "prefer-const": "error", // what changes is seen
      "no-shadow": "error", // one name for one thing
      "no-param-reassign": "error", // a caller's list stays as it was
      "no-implicit-coercion": "error", // a conversion is a word
      "no-else-return": "error",
      "object-shorthand": "error",
      "default-case-last": "error",
      "no-unused-expressions": ["error", { allowShortCircuit: true }],
      "max-len": ["error", { code: 100, ignoreStrings: true, ignoreTemplateLiterals: true }],
      complexity: ["error", 20], // more is a table or two functions
    },
  },
  { files: ["explorer/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["tests/**/*.js"], languageOptions: { globals: globals.node } },
  { files: ["tests/browser/*.js"], languageOptions: { globals: globals.browser } },
];
