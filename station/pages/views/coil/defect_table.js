/** The coil's defects as a table: sortable, by keyboard too, and as long as it has to be. */

import { el, replace } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { classLabel } from "../../parts/class_look.js";
import { icon } from "../../parts/icons.js";
import { DESCENDING_AT_FIRST } from "./ordering.js";
import { VirtualRows } from "./virtual_rows.js";

/** `wide`: left out on a phone. */
const COLUMNS = [
  { name: "class", text: (list, row, names) => classLabel(list.classId[row], names(list.classId[row])) },
  { name: "along", figure: true, text: (list, row) => fmt.number(list.alongMinMm[row] / 1000, 2) },
  { name: "across", figure: true, wide: true, text: (list, row) => fmt.number(list.acrossMinMm[row]) },
  {
    name: "length",
    figure: true,
    wide: true,
    text: (list, row) => extent(list.alongMinMm, list.alongMaxMm, row),
  },
  {
    name: "width",
    figure: true,
    wide: true,
    text: (list, row) => extent(list.acrossMinMm, list.acrossMaxMm, row),
  },
  {
    name: "area",
    figure: true,
    text: (list, row) => fmt.number(list.areaMm2[row], list.areaMm2[row] < 10 ? 1 : 0),
  },
  { name: "camera", wide: true, text: (list, row) => list.cameras[row].join(", ") },
];
let tables = 0;

export class DefectTable {
  /**
   * @param {{onPick: (row: number) => void, onSort: (sort: {column: string, descending: boolean}) => void}} hear
   */
  constructor({ onPick, onSort }) {
    this._onPick = onPick;
    this._onSort = onSort;
    this._prefix = `defect-${(tables += 1)}-`;
    this._list = null;
    this._order = new Int32Array(0);
    this._active = -1;
    this._picked = -1;
    this._heads = COLUMNS.map((column) => this._head(column));
    this._headRow = el(
      "div",
      { role: "row", class: "defects-row defects-head", "aria-rowindex": "1" },
      this._heads,
    );
    // A click is heard by the body: a row may be made anew between a finger's down and up.
    this._body = el("div", {
      role: "rowgroup",
      class: "defects-body",
      onclick: (event) => this._choose(this._rows.placeAt(event.clientY)),
    });
    this._empty = el("p", { class: "defects-empty" }, t("coil.table_empty"));
    this.node = el(
      "div",
      {
        role: "grid",
        class: "defects",
        tabIndex: 0,
        "aria-label": t("coil.table_label"),
        "aria-colcount": String(COLUMNS.length),
        onkeydown: (event) => this._key(event),
      },
      el("div", { role: "rowgroup", class: "defects-heads" }, this._headRow),
      this._body,
    );
    this._rows = new VirtualRows(this.node, this._body, (place) => this._row(place));
    this.wrap = el("div", { class: "defects-wrap" }, this.node, this._empty);
  }

  /**
   * @param {import("./defect_list.js").DefectList} list
   * @param {Int32Array} order rows of the list
   * @param {{column: string, descending: boolean}} sort
   * @param {(classId: number) => string} names of the classes
   * @param {number} picked the row of the list that is chosen; -1: none
   */
  show(list, order, sort, names, picked) {
    [this._list, this._order, this._names, this._picked] = [list, order, names, picked];
    this._active = order.indexOf(picked);
    this._heads.forEach((head, n) => setSort(head, COLUMNS[n].name === sort.column ? sort : null));
    this.node.setAttribute("aria-rowcount", String(order.length + 1));
    this._empty.hidden = order.length > 0;
    this._rows.show(order.length);
    this._pointOut();
  }

  /** Mark a row of the list and bring it into sight. -1: none. */
  pick(row) {
    this._picked = row;
    this._moveTo(this._order.indexOf(row));
  }

  destroy() {
    this._rows.destroy();
  }

  get _headPx() {
    return this._headRow.offsetHeight;
  }

  _head(column) {
    const press = el("button", {
      type: "button",
      onclick: () => this._onSort(this._sortAfter(head, column)),
    });
    replace(press, el("span", {}, t(`coil.column_${column.name}`)), icon("down"));
    const head = el("div", { role: "columnheader", class: cellClass(column) }, press);
    return head;
  }

  _sortAfter(head, { name }) {
    const now = head.getAttribute("aria-sort");
    return { column: name, descending: now ? now === "ascending" : DESCENDING_AT_FIRST.has(name) };
  }

  _row(place) {
    const row = this._order[place];
    const cells = COLUMNS.map((column) =>
      el("div", { role: "gridcell", class: cellClass(column) }, column.text(this._list, row, this._names)),
    );
    return el(
      "div",
      {
        role: "row",
        id: this._prefix + place,
        class: "defects-row",
        "aria-rowindex": String(place + 2),
        "aria-selected": String(row === this._picked),
      },
      cells,
    );
  }

  _choose(place) {
    if (place < 0 || place >= this._order.length) {
      return;
    }
    this.pick(this._order[place]);
    this._onPick(this._picked);
  }

  _key(event) {
    if (event.target !== this.node || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const last = this._order.length - 1;
    const page = this._rows.pageRows(this._headPx);
    const to = {
      ArrowDown: this._active + 1,
      ArrowUp: this._active - 1,
      PageDown: this._active + page,
      PageUp: this._active - page,
      Home: 0,
      End: last,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this._choose(Math.max(0, Math.min(last, to)));
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this._choose(this._active);
    }
  }

  _moveTo(place) {
    this._active = place;
    if (place >= 0) {
      this._rows.reveal(place, this._headPx);
    }
    this._pointOut();
  }

  _pointOut() {
    for (const row of this._body.children) {
      row.setAttribute("aria-selected", String(row.id === this._prefix + this._active));
    }
    if (this._rows.at(this._active)) {
      this.node.setAttribute("aria-activedescendant", this._prefix + this._active);
    } else {
      this.node.removeAttribute("aria-activedescendant");
    }
  }
}

function cellClass(column) {
  return `defects-cell${column.figure ? " number" : ""}${column.wide ? " wide" : ""}`;
}

function setSort(head, sort) {
  if (sort === null) {
    head.removeAttribute("aria-sort");
  } else {
    head.setAttribute("aria-sort", sort.descending ? "descending" : "ascending");
  }
}

function extent(minimaMm, maximaMm, row) {
  return fmt.number(maximaMm[row] - minimaMm[row]);
}
