/** Rows of equal height, of which only those in sight are in the document: twenty thousand scroll like twenty. */

/** Rows above and below those in sight, so that a fast finger does not see the edge. */
const SPARE = 8;

export class VirtualRows {
  /**
   * @param {HTMLElement} scroller scrolls, and has `body` in it
   * @param {HTMLElement} body takes the rows
   * @param {(place: number) => HTMLElement} makeRow
   */
  constructor(scroller, body, makeRow) {
    this._scroller = scroller;
    this._body = body;
    this._makeRow = makeRow;
    this._count = 0;
    /** @type {Map<number, HTMLElement>} by their place */
    this._rows = new Map();
    this._asked = 0;
    this._onScroll = () => this._askForTurn();
    scroller.addEventListener("scroll", this._onScroll, { passive: true });
    this._sizes = new ResizeObserver(() => this._askForTurn());
    this._sizes.observe(scroller);
  }

  /** Height of a row in px, as the style sheet says: a finger needs more than a pointer. */
  get rowPx() {
    return parseFloat(getComputedStyle(this._scroller).getPropertyValue("--row-px")) || 36;
  }

  /** Show so many rows, all of them anew. */
  show(count) {
    this._count = count;
    this._rows.forEach((row) => row.remove());
    this._rows.clear();
    this.turn();
  }

  /** Put the rows in sight into the document, and take the others out. */
  turn() {
    const rowPx = this.rowPx;
    this._body.style.height = `${this._count * rowPx}px`;
    const abovePx = Math.max(0, this._scroller.scrollTop);
    const first = Math.max(0, Math.floor(abovePx / rowPx) - SPARE);
    const last = Math.min(this._count, Math.ceil((abovePx + this._scroller.clientHeight) / rowPx) + SPARE);
    for (const [place, row] of this._rows) {
      if (place < first || place >= last) {
        row.remove();
        this._rows.delete(place);
      }
    }
    for (let place = first; place < last; place += 1) {
      this._put(place, rowPx);
    }
  }

  /** The row at a place, when it is in the document. */
  at(place) {
    return this._rows.get(place) ?? null;
  }

  /** The place at a height on the screen. */
  placeAt(clientY) {
    return Math.floor((clientY - this._body.getBoundingClientRect().top) / this.rowPx);
  }

  /** Scroll so that a place is in sight, below the head of so many px. */
  reveal(place, headPx) {
    const rowPx = this.rowPx;
    const topPx = place * rowPx;
    const roomPx = this._scroller.clientHeight - headPx;
    if (topPx < this._scroller.scrollTop) {
      this._scroller.scrollTop = topPx;
    } else if (topPx + rowPx > this._scroller.scrollTop + roomPx) {
      this._scroller.scrollTop = topPx + rowPx - roomPx;
    }
    this.turn();
  }

  /** How many rows are in sight. */
  pageRows(headPx) {
    return Math.max(1, Math.floor((this._scroller.clientHeight - headPx) / this.rowPx));
  }

  destroy() {
    cancelAnimationFrame(this._asked);
    this._sizes.disconnect();
    this._scroller.removeEventListener("scroll", this._onScroll);
  }

  _put(place, rowPx) {
    let row = this._rows.get(place);
    if (!row) {
      row = this._makeRow(place);
      this._rows.set(place, row);
      this._body.append(row);
    }
    row.style.transform = `translateY(${place * rowPx}px)`;
  }

  _askForTurn() {
    cancelAnimationFrame(this._asked);
    this._asked = requestAnimationFrame(() => this.turn());
  }
}
