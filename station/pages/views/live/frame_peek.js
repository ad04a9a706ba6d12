/** The frame under the pointer, and the one that a person picked: a card over the page. */

import { el, replace } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";
import { frameCard } from "../../strip/frame_card.js";

/** A pointer that only passes asks for no picture. */
const DWELL_MS = 220;
const GAP_PX = 18;

/**
 * @param {{onClose: () => void}} handlers `onClose`: the person closed the picked frame
 * @returns {{hover: (model: object, at: object|null) => void,
 *   pick: (model: object, region: number|null) => void, destroy: () => void}} `at`: as StripView's onHover
 */
export function framePeek({ onClose }) {
  const glance = el("div", { class: "live-peek live-glance", hidden: true, "aria-hidden": "true" });
  const body = el("div", {});
  const title = el("h2", { id: "live-peek-title" }, t("live.frame"));
  const close = el(
    "button",
    { type: "button", class: "quiet square", "aria-label": t("live.frame.close"), onclick: leave },
    icon("close"),
  );
  const head = el("div", { class: "live-panel-head" }, title, close);
  const picked = el(
    "div",
    { class: "live-peek live-picked", role: "dialog", "aria-labelledby": "live-peek-title", hidden: true },
    head,
    body,
  );
  const cards = { glance: null, picked: null };
  let timer = 0;
  let over = null;
  document.addEventListener("keydown", escape);
  document.body.append(glance, picked);

  function hover(model, at) {
    const region = at?.regionIndex ?? null;
    if (region !== over) {
      over = region;
      clearTimeout(timer);
      hideGlance();
      if (region !== null && picked.hidden) {
        timer = setTimeout(() => showGlance(model, region, at), DWELL_MS);
      }
    }
  }

  function showGlance(model, region, at) {
    cards.glance = frameCard(model, region);
    replace(glance, cards.glance.node);
    glance.hidden = false;
    place(glance, at.clientX, at.clientY);
  }

  function hideGlance() {
    cards.glance?.destroy();
    cards.glance = null;
    glance.hidden = true;
  }

  function pick(model, region) {
    over = null;
    clearTimeout(timer);
    hideGlance();
    cards.picked?.destroy();
    cards.picked = region === null ? null : frameCard(model, region);
    picked.hidden = region === null;
    replace(body, cards.picked?.node);
    if (region !== null) {
      close.focus({ preventScroll: true });
    }
  }

  function leave() {
    pick(null, null);
    onClose();
  }

  function escape(event) {
    if (event.key === "Escape" && !picked.hidden && !event.defaultPrevented) {
      leave();
    }
  }

  function destroy() {
    clearTimeout(timer);
    document.removeEventListener("keydown", escape);
    cards.glance?.destroy();
    cards.picked?.destroy();
    glance.remove();
    picked.remove();
  }

  return { hover, pick, destroy };
}

/** Beside the pointer, above or below it, always within the window. */
function place(card, clientX, clientY) {
  const { width, height } = card.getBoundingClientRect();
  const left = clientX + GAP_PX + width > innerWidth ? clientX - GAP_PX - width : clientX + GAP_PX;
  const top = clientY + GAP_PX + height > innerHeight ? clientY - GAP_PX - height : clientY + GAP_PX;
  card.style.left = `${Math.max(GAP_PX / 2, left)}px`;
  card.style.top = `${Math.max(GAP_PX / 2, top)}px`;
}
