/** Everything that is known of one coil: the API's answer about it, and its map while the server keeps one. */

import { Refused, getJson } from "../../core/http.js";
import { follow, lineState } from "../../core/stream.js";

/** A map changes ten times a second; lists and figures are read by people. */
const CALM_MS = 1000;

export class CoilSource {
  /**
   * @param {string} coilId
   * @param {{onChange: () => void, onMap: () => void}} hear `onChange`: of anything, at most once a second;
   *   `onMap`: of the map, as often as it comes
   */
  constructor(coilId, { onChange, onMap }) {
    this.coilId = coilId;
    /** The API's answer; null before it has come, or when it was refused. */
    this.view = null;
    /** @type {Refused|null} why there is no answer */
    this.refused = null;
    /** @type {import("../../strip/coil_model.js").CoilModel|null} while the server keeps the coil's map */
    this.model = null;
    this._onChange = onChange;
    this._onMap = onMap;
    this._timer = 0;
    this._leaving = new AbortController();
    this._asking = false;
    this._leave = follow(coilId, (event) => this._hear(event));
    this.ask();
  }

  /** The report; null while there is none, or while it can't be had. */
  get report() {
    return this.view?.report ?? null;
  }

  /** Whether nothing is known yet. */
  get isLoading() {
    return this.view === null && this.refused === null && this.model === null;
  }

  /** The alarms about the coil, those that are over too where its map is kept. */
  get alarms() {
    if (this.model !== null) {
      return this.model.alarms;
    }
    const standing = lineState()?.alarms ?? this.view?.alarms ?? [];
    return standing.filter((alarm) => alarm.coil_id === this.coilId);
  }

  /** Ask the API (again). */
  async ask() {
    if (this._asking) {
      return;
    }
    this._asking = true;
    try {
      const path = `/api/coils/${encodeURIComponent(this.coilId)}`;
      this.view = await getJson(path, { signal: this._leaving.signal });
      this.refused = null;
    } catch (failure) {
      if (!(failure instanceof Refused)) {
        if (failure.name === "AbortError") {
          return;
        }
        throw failure;
      }
      this.view = null;
      this.refused = failure;
    } finally {
      this._asking = false;
    }
    this._onChange();
  }

  /** Let go. */
  stop() {
    this._leave();
    this._leaving.abort();
    clearTimeout(this._timer);
  }

  _hear(event) {
    if (event.type === "coil" && event.coilId === this.coilId) {
      if (this.model === null) {
        this._changeAtOnce();
      }
      this.model = event.model;
      this._onMap();
      this._changeSoon();
      this._askForNewReport();
    } else if (event.type === "state" && this.model === null) {
      this._changeSoon();
    }
  }

  /** The map brings a new report without its defects: those are asked for. */
  _askForNewReport() {
    const told = this.model.report?.report_version ?? 0;
    const known = this.report?.report_version ?? 0;
    if (told > known && told !== this._askedFor && this.view !== null) {
      this._askedFor = told;
      this.ask();
    }
  }

  /** The map itself is waited for by somebody: the next change is not put off. */
  _changeAtOnce() {
    clearTimeout(this._timer);
    this._timer = 0;
    this._drawn = false;
  }

  _changeSoon() {
    if (!this._timer) {
      this._timer = setTimeout(
        () => {
          this._timer = 0;
          this._onChange();
        },
        this._drawn ? CALM_MS : 0,
      );
      this._drawn = true;
    }
  }
}
