/** How a defect class looks: colour, letter and pattern, the same everywhere; no two of the first six share any. */

import { el } from "../core/dom.js";

/** Told apart by colour-blind eyes too: Okabe and Ito, "Color Universal Design", 2008; as in model/palette.py. */
const COLOURS = ["#E69F00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"];
const PATTERNS = ["solid", "diagonal", "dots", "cross", "vertical", "horizontal", "backslash"];

/**
 * @param {number} classId counts from 1
 * @returns {{colour: string, letter: string, pattern: string, ink: string}} `ink` is readable on `colour`
 */
export function classLook(classId) {
  const index = classId - 1;
  const colour = COLOURS[index % COLOURS.length];
  return {
    colour,
    letter: letterOf(index),
    pattern: PATTERNS[index % PATTERNS.length],
    ink: colour === "#0072B2" ? "#FFFFFF" : "#101418",
  };
}

/** A small square with the class's letter. Decorative: the class's name stands beside it. */
export function classSwatch(classId) {
  const look = classLook(classId);
  const swatch = el("span", { class: "swatch", "aria-hidden": "true" }, look.letter);
  swatch.style.background = look.colour;
  swatch.style.color = look.ink;
  return swatch;
}

/** Swatch and name. @param {number} classId @param {string|undefined} name */
export function classLabel(classId, name) {
  return el("span", { class: "class-label" }, classSwatch(classId), el("span", {}, name ?? String(classId)));
}

function letterOf(index) {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : letter + String(Math.floor(index / 26));
}
