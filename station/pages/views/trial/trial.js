/** Try an image: drop a picture in and see what the models say. */

import { el } from "../../core/dom.js";
import { getJson, postForm } from "../../core/http.js";
import { t } from "../../core/i18n.js";
import { prefer, preference } from "../../core/preferences.js";
import { comparePanel } from "./compare.js";
import { choicesOf, modelPanel } from "./models.js";
import { NotSent, closePicture, openPicture } from "./picture.js";
import { resultPanel } from "./result.js";
import { stage } from "./stage.js";

/** @returns {string} the page's title */
export function title() {
  return t("trial.title");
}

/**
 * @param {HTMLElement} root an empty main element
 * @returns {() => void} lets go of everything
 */
export function mount(root) {
  const trial = new Trial();
  root.append(trial.node);
  trial.load();
  return () => trial.destroy();
}

/** The page's state: one picture, one choice, and what each choice said of that picture. */
class Trial {
  constructor() {
    const mark = (index) => this.mark(index);
    this.stage = stage({ onFile: (file) => this.take(file), onRegion: mark });
    this.models = modelPanel((key) => this.choose(key));
    this.result = resultPanel({ onRegion: mark });
    this.compare = comparePanel({ onCompare: () => this.runAll(), onShow: (key) => this.choose(key) });
    this.node = el(
      "div",
      { class: "trial is-fresh" },
      el(
        "header",
        { class: "trial-head" },
        el("h1", {}, t("trial.title")),
        el("p", { class: "soft" }, t("trial.what")),
      ),
      this.stage.node,
      el(
        "div",
        { class: "trial-columns" },
        this.models.node,
        el("div", { class: "trial-said" }, this.result.node, this.compare.node),
      ),
    );
    /** @type {import("./models.js").Choice[]} */
    this.choices = [];
    this.chosen = "";
    this.picture = null;
    /** @type {Map<string, {result?: object, sentence?: string, running?: boolean}>} of this picture */
    this.outcomes = new Map();
    this.asking = new AbortController();
    this.gone = new AbortController();
    this.taken = 0;
  }

  /** What there is to choose from. */
  async load() {
    try {
      const { bundles } = await getJson("/api/bundles", { signal: this.gone.signal });
      this.choices = choicesOf(bundles);
    } catch (refused) {
      if (refused.name !== "AbortError") {
        this.models.say(refused.sentence ?? String(refused));
      }
      return;
    }
    if (!this.choices.length) {
      this.models.say(t("trial.models.none"));
      return;
    }
    const remembered = preference("model", "");
    this.chosen = this.choices.some(({ key }) => key === remembered) ? remembered : this.choices[0].key;
    this.models.show(this.choices, this.chosen);
    this.run(this.chosen);
  }

  /** A picture was dropped, chosen or pasted. @param {File} file */
  async take(file) {
    this.taken += 1;
    const mine = this.taken;
    let picture;
    try {
      picture = await openPicture(file);
    } catch (refused) {
      this.node.classList.remove("is-fresh");
      this.result.say({ sentence: refused instanceof NotSent ? refused.message : String(refused) });
      return;
    }
    if (mine !== this.taken || this.gone.signal.aborted) {
      closePicture(picture);
      return;
    }
    closePicture(this.picture);
    this.asking.abort();
    this.asking = new AbortController();
    this.outcomes = new Map();
    this.picture = picture;
    this.node.classList.remove("is-fresh");
    this.stage.show(picture);
    this.show();
    this.run(this.chosen);
  }

  /** @param {string} key */
  choose(key) {
    this.chosen = key;
    prefer("model", key);
    this.models.choose(key);
    this.show();
    this.run(key);
  }

  /** Every choice, one after another: the station has one thread for this. */
  async runAll() {
    for (const { key } of this.choices) {
      const before = this.taken;
      await this.run(key);
      if (before !== this.taken || this.gone.signal.aborted) {
        return;
      }
    }
  }

  /** Send the picture, unless this choice has already spoken of it. @param {string} key */
  async run(key) {
    const choice = this.choices.find((each) => each.key === key);
    const known = this.outcomes.get(key);
    if (!this.picture || !choice || known?.result || known?.running) {
      return;
    }
    const outcomes = this.outcomes;
    outcomes.set(key, { running: true });
    this.show();
    outcomes.set(key, await this.ask(choice));
    if (outcomes === this.outcomes && !this.gone.signal.aborted) {
      this.show();
    }
  }

  async ask({ bundle, preset }) {
    const form = new FormData();
    form.append("image", this.picture.file, "image");
    form.append("bundle", bundle.name);
    form.append("preset", preset.name);
    try {
      return { result: await postForm("/api/try", form, { signal: this.asking.signal }) };
    } catch (refused) {
      return { sentence: refused.sentence ?? String(refused) };
    }
  }

  show() {
    const known = this.outcomes.get(this.chosen) ?? {};
    this.result.say(known);
    this.stage.draw(known.result ?? null);
    this.compare.show(this.choices, this.outcomes, this.chosen);
    this.compare.ready(Boolean(this.picture) && this.choices.length > 1);
  }

  mark(index) {
    this.stage.mark(index);
    this.result.mark(index);
  }

  destroy() {
    this.gone.abort();
    this.asking.abort();
    this.stage.destroy();
    closePicture(this.picture);
  }
}
