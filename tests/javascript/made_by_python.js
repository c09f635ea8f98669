// Has node find the modules that Python makes beside the scripts, such as kinds.js: their texts
// come as JSON in the environment, by the name of their folder and file.

import { registerHooks } from "node:module";

/** @type {Record<string, string>} */
const made = JSON.parse(process.env.MADE_BY_PYTHON ?? "{}");

/** @param {string} url */
const nameOf = (url) => url.split("/").slice(-2).join("/");

registerHooks({
  resolve: (specifier, context, next) => {
    if (!specifier.startsWith(".") || !context.parentURL) return next(specifier, context);
    const { href } = new URL(specifier, context.parentURL);
    return nameOf(href) in made ? { url: href, shortCircuit: true } : next(specifier, context);
  },
  load: (url, context, next) => {
    const source = made[nameOf(url)];
    return source === undefined
      ? next(url, context)
      : { format: "module", source, shortCircuit: true };
  },
});
