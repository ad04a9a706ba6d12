/** The map of the strip and what it says about itself: whose it is, and whether it is whole. */

import { el } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { StripView } from "../../strip/strip_view.js";

/** A roll mark is looked at with a little of the strip before and after it. */
const AROUND = 0.04;

export class CoilMap {
  /** @param {{coilId: string, onPick: (region: number|null) => void}} hear */
  constructor({ coilId, onPick }) {
    this._notes = el("p", { class: "coil-map-note soft", hidden: true });
    this._host = el("div", { class: "coil-strip" });
    this.node = el("div", { class: "coil-map" }, this._notes, this._host);
    this._view = null;
    this._model = null;
    this._filter = null;
    this._make = () =>
      new StripView(this._host, { mode: "map", onPick, label: t("coil.map_label", { coil: coilId }) });
  }

  /**
   * @param {import("../../strip/coil_model.js").CoilModel} model
   * @param {boolean} kept whether it is the server's map; false: it was made of the report
   */
  show(model, kept) {
    const drawable = model.lengthMm() > 0;
    this._host.hidden = !drawable;
    this._sayAbout(model, kept, drawable);
    if (!drawable) {
      return;
    }
    this._view ??= this._make();
    if (model === this._model) {
      this._view.update();
      return;
    }
    this._model = model;
    this._view.show(model);
    this.setFilter(this._filter);
  }

  /** @param {import("./ordering.js").Filter|null} filter */
  setFilter(filter) {
    this._filter = filter;
    if (filter === null || this._model === null) {
      return;
    }
    const camera = this._model.cameras.findIndex((each) => each.camera_id === filter.camera);
    this._view?.setFilter({
      classes: filter.classes,
      minAreaMm2: filter.minAreaMm2,
      cameras: camera < 0 ? null : new Set([camera]),
    });
  }

  /** Mark a region; null: none. */
  select(region) {
    this._view?.select(region);
  }

  /** Bring a stretch of the strip into sight, and the map itself; null: all of the strip. */
  look(fromMm, toMm) {
    if (this._model === null) {
      return;
    }
    const [from, to] = [fromMm ?? 0, toMm ?? this._model.lengthMm()];
    const spareMm = (to - from) * AROUND;
    this._view?.setWindow(Math.max(0, from - spareMm), Math.min(this._model.lengthMm(), to + spareMm));
    this.node.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  }

  destroy() {
    this._view?.destroy();
  }

  _sayAbout(model, kept, drawable) {
    const said = [
      kept ? "" : t("coil.map_of_report"),
      model.coil?.overfull ? t("coil.overfull") : "",
      drawable ? "" : t("coil.map_none"),
    ];
    const text = said.filter(Boolean).join(" ");
    this._notes.hidden = !text;
    if (this._notes.textContent !== text) {
      this._notes.textContent = text;
    }
  }
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
