/** Dark, light, or as the system is. Whoever paints a canvas listens to the document's `coilwatch:theme`. */

import { prefer, preference } from "./preferences.js";

const THEMES = ["auto", "dark", "light"];
const system = matchMedia("(prefers-color-scheme: light)");

/** @returns {"auto"|"dark"|"light"} as chosen */
export function theme() {
  const chosen = preference("theme", "auto");
  return THEMES.includes(chosen) ? chosen : "auto";
}

/** Takes the next of the three. */
export function nextTheme() {
  prefer("theme", THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
  showTheme();
}

/** Puts the theme on the document, and says so. */
export function showTheme() {
  const light = theme() === "light" || (theme() === "auto" && system.matches);
  document.documentElement.dataset.theme = light ? "light" : "dark";
  document.dispatchEvent(new CustomEvent("coilwatch:theme"));
}

system.addEventListener("change", showTheme);
