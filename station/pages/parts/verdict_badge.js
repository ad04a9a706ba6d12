/** A verdict: an icon, a word and a colour, never a colour alone. */

import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";

/**
 * @param {"release"|"hold"|"reject"|null} verdict null: there is none yet
 * @param {{large?: boolean}} [options]
 */
export function verdictBadge(verdict, { large = false } = {}) {
  const which = verdict ?? "open";
  return el(
    "span",
    { class: `verdict verdict-${which}${large ? " verdict-large" : ""}` },
    icon(which),
    el("span", {}, t(`verdict.${which}`)),
  );
}
