/** Who acknowledges: asked once on this browser, and changed by the button with the name. */

import { el } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { prefer, preference } from "../../core/preferences.js";

/** As the message demands it: a name in Latin letters, without spaces. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** @returns {string} empty: nobody has said yet */
export function who() {
  const name = preference("who", "");
  return NAME.test(name) ? name : "";
}

/**
 * Asks for the name in a dialog.
 * @param {AbortSignal} signal closes it: the page goes
 * @returns {Promise<string|null>} null: the person would rather not
 */
export function askWho(signal) {
  const hint = el("p", { class: "live-note", id: "live-who-hint" }, t("live.who.hint"));
  const input = el("input", {
    id: "live-who",
    value: who(),
    autocomplete: "username",
    spellcheck: false,
    maxLength: 64,
    "aria-describedby": "live-who-hint",
  });
  const cancel = el("button", { type: "button", class: "quiet" }, t("live.who.cancel"));
  const save = el("button", { type: "submit", class: "primary" }, t("live.who.save"));
  const form = el(
    "form",
    { method: "dialog", noValidate: true },
    el("h2", { id: "live-who-title" }, t("live.who.title")),
    el("label", { for: "live-who" }, t("live.who.label")),
    input,
    hint,
    el("div", { class: "live-who-actions" }, cancel, save),
  );
  const dialog = el("dialog", { class: "live-who", "aria-labelledby": "live-who-title" }, form);
  return new Promise((resolve) => {
    const leave = (name) => {
      dialog.close(); // the focus goes back to where it was
      dialog.remove();
      resolve(name);
    };
    cancel.addEventListener("click", () => leave(null));
    dialog.addEventListener("cancel", () => leave(null));
    signal.addEventListener("abort", () => leave(null), { once: true });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (!NAME.test(name)) {
        input.setAttribute("aria-invalid", "true");
        hint.classList.add("live-bad");
        hint.setAttribute("role", "alert");
        input.focus();
        return;
      }
      prefer("who", name);
      leave(name);
    });
    document.body.append(dialog);
    dialog.showModal();
    input.select();
  });
}
