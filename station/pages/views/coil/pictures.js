/** Frames with their masks: the chosen defect's, and those of the largest that are shown, fetched as they are seen. */

import { el, replace } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { classLabel } from "../../parts/class_look.js";
import { frameCard } from "../../strip/frame_card.js";

/** At first, and at each press for more. */
const SOME = 6;
const MOST = 60;

export class Pictures {
  /** @param {(region: number) => void} onPick */
  constructor(onPick) {
    this._onPick = onPick;
    this._cards = new Map();
    this._shown = SOME;
    this._key = "";
    this._list = el("ul", { class: "coil-pictures" });
    this._none = el("p", { class: "soft" }, t("coil.pictures_none"));
    this._more = el("button", { type: "button", onclick: () => this._showMore() }, t("coil.pictures_more"));
    this.node = el("div", { class: "coil-pictures-box" }, this._list, this._none, this._more);
    this._seen = new IntersectionObserver((entries) => this._look(entries), { rootMargin: "200px" });
  }

  /**
   * @param {import("../../strip/coil_model.js").CoilModel} model
   * @param {import("./defect_list.js").DefectList} list
   * @param {Int32Array} rows of the list, the largest first
   */
  show(model, list, rows) {
    [this._model, this._defects, this._rows] = [model, list, rows];
    const frames = this._frames();
    const shown = frames.slice(0, this._shown);
    // By region: the same frames stay when the report comes and its rows take the place of the map's.
    const key = shown.map((row) => list.region[row]).join(" ");
    this._none.hidden = shown.length > 0;
    this._more.hidden = frames.length <= this._shown;
    if (key === this._key) {
      return;
    }
    this._key = key;
    this._clear();
    replace(
      this._list,
      shown.map((row) => this._item(row)),
    );
  }

  destroy() {
    this._clear();
    this._seen.disconnect();
  }

  /** One row a frame, of those whose frame is known. */
  _frames() {
    const { regions } = this._model;
    const seen = new Set();
    const rows = [];
    for (const row of this._rows) {
      const region = this._defects.region[row];
      const frame = region < 0 ? "" : `${regions.camera[region]}/${regions.frameIndex[region]}`;
      if (frame && !seen.has(frame)) {
        seen.add(frame);
        rows.push(row);
      }
      if (rows.length > Math.min(this._shown, MOST)) {
        break;
      }
    }
    return rows;
  }

  _item(row) {
    const list = this._defects;
    const classId = list.classId[row];
    const region = list.region[row];
    const item = el(
      "li",
      { class: "coil-picture", dataset: { region: String(region) } },
      el(
        "button",
        { type: "button", class: "quiet coil-picture-name", onclick: () => this._onPick(region) },
        classLabel(classId, this._model.className(classId)),
        el(
          "span",
          { class: "soft" },
          `${fmt.metres(list.alongMinMm[row])} · ${fmt.areaMm2(list.areaMm2[row])}`,
        ),
      ),
      el("div", { class: "coil-picture-place" }),
    );
    this._seen.observe(item);
    return item;
  }

  _look(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && !this._cards.has(target)) {
        const card = frameCard(this._model, Number(target.dataset.region));
        this._cards.set(target, card);
        replace(target.lastElementChild, card.node);
        this._seen.unobserve(target);
      }
    }
  }

  _showMore() {
    this._shown = Math.min(MOST, this._shown + SOME);
    this.show(this._model, this._defects, this._rows);
  }

  _clear() {
    this._cards.forEach((card) => card.destroy());
    this._cards.clear();
    this._list.replaceChildren();
  }
}

/** The frame of one region, large. */
export class ChosenPicture {
  constructor() {
    this.node = el("div", { class: "coil-chosen", hidden: true });
    this._card = null;
    this._key = "";
  }

  /** @param {import("../../strip/coil_model.js").CoilModel} model @param {number|null} region null: none is chosen */
  show(model, region) {
    const key = region === null ? "" : `${model.coilId}/${region}`;
    if (key === this._key) {
      return;
    }
    this.destroy();
    this._key = key;
    this.node.hidden = region === null;
    if (region !== null) {
      this._card = region < 0 ? null : frameCard(model, region);
      replace(this.node, this._card?.node ?? el("p", { class: "soft" }, t("coil.picture_unknown")));
    }
  }

  destroy() {
    this._card?.destroy();
    this._card = null;
    replace(this.node);
  }
}
