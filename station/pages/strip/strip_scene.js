// What is drawn, and how: one object that everything which draws or picks reads.

/** A coil seen through a window, some of its regions hidden. */
export class StripScene {
  /** @param {import("./viewport.js").Viewport} view @param {import("./palette.js").Palette} palette */
  constructor(view, palette) {
    /** @type {import("./coil_model.js").CoilModel | null} */
    this.model = null;
    this.view = view;
    this.palette = palette;
    /** px of the screen a CSS px. */
    this.ratio = 1;
    /** Where the strip's head is, px: patterns move with the strip. */
    this.shiftX = 0;
    /** @type {Set<number> | null} that are shown; null: all */
    this.classes = null;
    /** @type {Set<number> | null} */
    this.cameras = null;
    this.minAreaMm2 = 0;
    /** Another number with every change of the filter. */
    this.filterKey = 0;
    /** Whether a region is shown. Bound, for those that draw take it out of the scene. */
    this.shows = (region) => this._shows(region);
  }

  /** @param {{classes: Set<number> | null, minAreaMm2: number, cameras: Set<number> | null}} filter */
  setFilter({ classes, minAreaMm2, cameras }) {
    this.classes = classes;
    this.minAreaMm2 = minAreaMm2;
    this.cameras = cameras;
    this.filterKey += 1;
  }

  _shows(region) {
    const { regions } = this.model;
    return !(
      regions.gone[region] ||
      regions.areaMm2[region] < this.minAreaMm2 ||
      (this.classes && !this.classes.has(regions.classId[region])) ||
      (this.cameras && !this.cameras.has(regions.camera[region]))
    );
  }
}
