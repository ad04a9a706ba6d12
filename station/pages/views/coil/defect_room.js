/** Map, table and frames of the coil's defects: filtered alike, and what is chosen in one is chosen in all. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { CoilMap } from "./coil_map.js";
import { listOfBoth, listOfMap, listOfReport } from "./defect_list.js";
import { DefectTable } from "./defect_table.js";
import { Filters } from "./filters.js";
import { ordered } from "./ordering.js";
import { ChosenPicture, Pictures } from "./pictures.js";
import { modelOfReport } from "./report_model.js";

const LARGEST_FIRST = { column: "area", descending: true };

export class DefectRoom {
  /** @param {import("./coil_source.js").CoilSource} source with a report or a map */
  constructor(source) {
    this._source = source;
    this._sort = LARGEST_FIRST;
    this._list = null;
    this._madeOf = "";
    /** The region that is chosen; null: none. */
    this._chosen = null;
    this._filters = new Filters(() => this._showList());
    this._map = new CoilMap({ coilId: source.coilId, onPick: (region) => this._choose(region, "map") });
    this._table = new DefectTable({
      onPick: (row) => this._chooseRow(row),
      onSort: (sort) => {
        this._sort = sort;
        this._showList();
      },
    });
    this._picture = new ChosenPicture();
    this._pictures = new Pictures((region) => this._choose(region, "picture"));
    this._count = el("p", { class: "soft coil-count" });
    this._about = el("p", { class: "soft coil-about" });
    this._frames = el(
      "section",
      { class: "panel" },
      el("h2", {}, t("coil.pictures_largest")),
      this._pictures.node,
    );
    this._lists = el(
      "div",
      { class: "coil-two coil-two-wide" },
      el("section", { class: "panel" }, el("h2", {}, t("coil.defects")), this._table.wrap, this._about),
      this._frames,
    );
    this.node = el(
      "div",
      { class: "coil-room" },
      el(
        "section",
        { class: "panel" },
        el("div", { class: "coil-room-head" }, el("h2", {}, t("coil.map")), this._count),
        this._filters.node,
        this._map.node,
        this._picture.node,
      ),
      this._lists,
    );
  }

  /** The map: the server's, else one made of the report. */
  get _model() {
    return this._source.model ?? this._reportModel;
  }

  /** Everything, after a change. */
  show() {
    this._remake();
    const model = this._model;
    this._filters.offer(
      this._list,
      this._classes(),
      model.cameras.map((camera) => camera.camera_id),
    );
    this.showMap();
    this._showList();
  }

  /** The map alone, as often as it changes. */
  showMap() {
    if (this._list) {
      this._map.show(this._model, this._source.model !== null);
    }
  }

  /** Show one class on a stretch of the strip; nulls: all of the strip. */
  look(classId, fromMm, toMm) {
    this._filters.only(classId);
    this._map.look(fromMm, toMm);
  }

  destroy() {
    this._map.destroy();
    this._table.destroy();
    this._picture.destroy();
    this._pictures.destroy();
  }

  _remake() {
    const { report, model, view } = this._source;
    const key = `${report?.report_version} ${model?.regions.count} ${report ? "" : model.revision} ${model !== null}`;
    if (key === this._madeOf) {
      return;
    }
    this._madeOf = key;
    if (!report) {
      this._list = listOfMap(model);
    } else if (model) {
      this._list = listOfBoth(report, model);
    } else {
      this._reportModel = modelOfReport(view);
      this._list = listOfReport(report);
    }
  }

  _classes() {
    const { report, model } = this._source;
    if (report) {
      return report.class_totals.map((each) => ({
        id: each.class_id,
        name: each.class_name,
        count: each.defects,
      }));
    }
    const counts = Object.entries(model.coil.regions_by_class);
    return counts.map(([id, count]) => ({ id: Number(id), name: model.className(Number(id)), count }));
  }

  _showList() {
    const { filter } = this._filters;
    const list = this._list;
    const order = ordered(list, filter, this._sort);
    this._map.setFilter(filter);
    const picked = this._chosen === null ? -1 : list.rowOf(this._chosen);
    this._table.show(list, order, this._sort, (classId) => this._model.className(classId), picked);
    const largest = this._sort === LARGEST_FIRST ? order : ordered(list, filter, LARGEST_FIRST);
    this._showFrames(list, largest);
    this._sayCount(order.length);
  }

  /** Where frames lie is known while the map is kept: without it there is nothing to fetch them by. */
  _showFrames(list, largest) {
    const kept = this._source.model !== null;
    this._frames.hidden = !kept;
    this._lists.classList.toggle("coil-two-single", !kept);
    if (kept) {
      this._pictures.show(this._model, list, largest);
    }
  }

  _sayCount(shown) {
    const { count, total, from } = this._list;
    this._count.textContent = t("coil.shown", { shown: fmt.number(shown), total: fmt.number(total) });
    const about = from === "map" ? t("coil.not_merged") : total > count ? t("coil.listed", { count }) : "";
    this._about.textContent = about;
    this._about.hidden = !about;
  }

  _chooseRow(row) {
    this._choose(this._list.region[row], "table", row);
  }

  _choose(region, from, row = region === null ? -1 : this._list.rowOf(region)) {
    this._chosen = region;
    if (from !== "table") {
      this._table.pick(row);
    }
    if (from !== "map") {
      this._map.select(region >= 0 ? region : null);
    }
    const kept = this._source.model !== null;
    this._picture.show(this._model, kept ? region : null);
  }
}
