// Fetches a component's module, markup and styles, and puts them to work. Streamlit calls for a component on every answer,
// also before all of it has come.

const furnished = new WeakSet(); // the elements that hold their markup already

export async function load(folder, script, parts) {
  const texts = parts.map(async (part) => {
    const text = await (await fetch(new URL(part, folder))).text();
    return part.endsWith(".css") ? `<style>${text}</style>` : text;
  });
  const [module, ...markup] = await Promise.all([import(new URL(script, folder)), ...texts]);
  return (component, shown) => {
    if (shown.gone) return;
    const { parentElement } = component;
    if (!furnished.has(parentElement)) {
      furnished.add(parentElement);
      parentElement.append(document.createRange().createContextualFragment(markup.join("")));
    }
    shown.end = module.default(component);
  };
}
