// Fetches a component's module, markup and styles, and puts them to work. Streamlit calls for a component on every answer,
// also before all of it has come.
//
// The browser reads the markup as a document of its own, from its address: no text becomes markup here.

const furnished = new WeakSet(); // the elements that hold their markup already

export async function load(folder, script, parts) {
  const [module, ...read] = await Promise.all([
    import(new URL(script, folder)),
    ...parts.map((part) => (part.endsWith(".css") ? readStyles : readMarkup)(new URL(part, folder))),
  ]);
  return (component, shown) => {
    if (shown.gone) return;
    const { parentElement } = component;
    if (!furnished.has(parentElement)) {
      furnished.add(parentElement);
      parentElement.append(...read.flat().map((node) => document.importNode(node, true)));
    }
    shown.end = module.default(component);
  };
}

async function readStyles(address) {
  const style = document.createElement("style");
  style.textContent = await (await fetch(address)).text();
  return [style];
}

function readMarkup(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.responseType = "document";
    request.onload = () => resolve([...request.response.body.childNodes]);
    request.onerror = () => reject(new Error(`${address} cannot be read`));
    request.open("GET", address);
    request.send();
  });
}
