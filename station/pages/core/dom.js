/** Elements without a framework: text goes in as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element.
 * @param {string} tag
 * @param {Object<string, unknown>} [props] `class`, `dataset`, `on<event>` functions; a property where the element
 *   has it (`value`, `checked`, `hidden`), else an attribute; null and false are left out
 * @param {...(Node|string|number|null|undefined|Array)} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG, where everything is an attribute. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

/** Puts other children into a node. */
export function replace(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    set(node, name, value);
  }
  node.append(...flat(children));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) {
    return;
  }
  if (name === "class") {
    node.setAttribute("class", value);
  } else if (name === "dataset") {
    Object.assign(node.dataset, value);
  } else if (name.startsWith("on") && typeof value === "function") {
    node.addEventListener(name.slice(2), value);
  } else if (name in node && !(node instanceof SVGElement) && !name.startsWith("aria")) {
    node[name] = value;
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

function flat(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}
