/** The strip as it runs, and the frame that somebody looks at. */

import { el } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { StripView } from "../../strip/strip_view.js";
import { framePeek } from "./frame_peek.js";
import { say, showIf } from "./say.js";

/**
 * @returns {{node: HTMLElement, show: (model: object|null, news: boolean) => void,
 *   asOf: (text: string) => void, destroy: () => void}} `news`: the model has changed since
 */
export function stripPanel() {
  const host = el("div", { class: "live-strip-host" });
  const stamp = el("p", { class: "live-stamp", hidden: true });
  const node = el("section", { class: "panel live-strip", "aria-label": t("live.strip") }, stamp, host);
  const peek = framePeek({
    onClose: () => {
      view?.select(null);
      view?.focus();
    },
  });
  let view = null;
  let model = null;

  /** The view measures its host, so it is made when the host is on the page. */
  function make() {
    view = new StripView(host, {
      mode: "live",
      label: t("live.strip"),
      onPick: (region) => peek.pick(model, region),
      onHover: (at) => peek.hover(model, at),
    });
  }

  function show(next, news) {
    if (!next) {
      return;
    }
    if (!view) {
      make();
    }
    if (next !== model) {
      model = next;
      peek.pick(null, null);
      view.show(model);
    } else if (news) {
      view.update();
    }
  }

  function asOf(text) {
    showIf(stamp, text !== "");
    say(stamp, text);
    node.dataset.old = String(text !== "");
  }

  return {
    node,
    show,
    asOf,
    destroy: () => {
      peek.destroy();
      view?.destroy();
    },
  };
}
