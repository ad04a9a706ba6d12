/** The page's frame: header, the line's condition, and the view that the address names. */

import { el, replace } from "./core/dom.js";
import { LANGUAGES, fmt, language, onLanguage, setLanguage, t } from "./core/i18n.js";
import { serverNowMs } from "./core/clock.js";
import { getJson, postJson } from "./core/http.js";
import { placeOf } from "./core/router.js";
import { follow, onLink, reconnect } from "./core/stream.js";
import { nextTheme, showTheme, theme } from "./core/theme.js";
import { conditionBand, conditionWords } from "./parts/condition_band.js";
import { icon } from "./parts/icons.js";
import * as coil from "./views/coil/coil.js";
import * as coils from "./views/coils/coils.js";
import * as live from "./views/live/live.js";
import * as login from "./views/login.js";
import * as nowhere from "./views/nowhere.js";
import * as trial from "./views/trial/trial.js";

const VIEWS = { live, coil, coils, try: trial, login, nowhere };
const NAVIGATION = [
  { view: "live", href: "#/" },
  { view: "coils", href: "#/coils" },
  { view: "try", href: "#/try" },
];

let needsToken = false;
let shown = null;
let frame = null;

function build() {
  const words = conditionWords();
  const band = conditionBand();
  const clock = el("time", { class: "wall-clock", "aria-hidden": "true" });
  const main = el("main", { id: "main", tabindex: "-1" });
  const links = NAVIGATION.map(({ view, href }) => link(view, href));
  document.documentElement.lang = language();
  replace(
    document.body,
    el("a", { class: "button skip", href: "#main", onclick: skipTo(main) }, t("shell.skip")),
    el(
      "header",
      { class: "header" },
      el("a", { class: "brand", href: "#/" }, icon("coils"), "coilwatch"),
      el("nav", { class: "nav", "aria-label": t("shell.pages") }, links),
      el("div", { class: "header-end" }, words.node, clock, languageButton(), themeButton(), leaveButton()),
    ),
    band.node,
    main,
  );
  frame = { words, band, clock, main, links };
  tick();
}

function link(view, href) {
  return el("a", { href, dataset: { view } }, icon(view), el("span", {}, t(`nav.${view}`)));
}

function skipTo(main) {
  return (event) => {
    event.preventDefault(); // the address after # is the router's
    main.focus();
  };
}

function languageButton() {
  const other = LANGUAGES[(LANGUAGES.indexOf(language()) + 1) % LANGUAGES.length];
  return el(
    "button",
    {
      class: "quiet square",
      type: "button",
      lang: other,
      "aria-label": t("shell.language"),
      onclick: () => setLanguage(other),
    },
    other.toUpperCase(),
  );
}

function themeButton() {
  const label = () => t("shell.theme", { theme: t(`theme.${theme()}`) });
  const change = () => {
    nextTheme();
    button.title = label();
    button.setAttribute("aria-label", label());
  };
  const button = el(
    "button",
    { class: "quiet square", type: "button", title: label(), "aria-label": label(), onclick: change },
    icon("theme"),
  );
  return button;
}

function leaveButton() {
  const leave = async () => {
    await postJson("/api/logout", {});
    location.hash = "#/login";
  };
  return needsToken
    ? el(
        "button",
        { class: "quiet square", type: "button", "aria-label": t("shell.leave"), onclick: leave },
        icon("out"),
      )
    : null;
}

function tick() {
  frame.words.update();
  frame.band.update();
  frame.clock.textContent = fmt.time(serverNowMs() * 1e6);
}

function show() {
  const place = placeOf(location.hash);
  const key = JSON.stringify([place.view, place.params.coilId, language()]);
  if (key === shown?.key) {
    return;
  }
  shown?.unmount();
  const view = VIEWS[place.view];
  document.title = `${view.title(place.params)} · coilwatch`;
  for (const each of frame.links) {
    const current =
      each.dataset.view === place.view || (each.dataset.view === "coils" && place.view === "coil");
    current ? each.setAttribute("aria-current", "page") : each.removeAttribute("aria-current");
  }
  replace(frame.main);
  frame.main.className = `view-${place.view}`;
  const hadFocus = shown !== null;
  shown = { key, unmount: view.mount(frame.main, place.params) };
  if (hadFocus) {
    frame.main.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
}

/** Everything anew: in another language, or as somebody who is in. */
function refresh() {
  build();
  shown?.unmount();
  shown = null;
  show();
}

async function askDoor() {
  const entry = await getJson("/api/login").catch(() => null); // without an answer the band says what is wrong
  if (entry?.needs_token) {
    needsToken = true;
    refresh();
  }
}

function lock() {
  if (placeOf(location.hash).view !== "login") {
    location.hash = `#/login?to=${encodeURIComponent(location.hash)}`;
  }
}

showTheme();
build();
show();
follow(null, tick);
onLink(tick);
onLanguage(refresh);
setInterval(tick, 1000);
window.addEventListener("hashchange", show);
document.addEventListener("coilwatch:locked", lock);
document.addEventListener("coilwatch:entered", () => {
  reconnect();
  refresh();
});
askDoor();
