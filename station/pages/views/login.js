/** The door: the token is shown once, then a cookie stands for it that scripts can't read. */

import { el, replace } from "../core/dom.js";
import { postJson } from "../core/http.js";
import { t } from "../core/i18n.js";
import { icon } from "../parts/icons.js";

/** @returns {string} the page's title */
export function title() {
  return t("login.title");
}

/**
 * @param {HTMLElement} root an empty main element
 * @param {{to?: string}} params `to`: the address that somebody wanted
 * @returns {() => void} lets go of everything
 */
export function mount(root, params) {
  let gone = false;
  const said = el("p", { class: "login-said", id: "login-said", role: "alert" });
  const token = el("input", {
    id: "login-token",
    type: "password",
    autocomplete: "current-password",
    maxLength: 1024,
    required: true,
    autocapitalize: "none",
    "aria-describedby": "login-said",
  });
  const reveal = el(
    "button",
    { type: "button", class: "login-reveal", "aria-pressed": "false", onclick: () => toggle() },
    t("login.show"),
  );
  const enter = el("button", { type: "submit", class: "primary" }, t("login.enter"));

  function toggle() {
    const shown = token.type === "password";
    token.type = shown ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(shown));
  }

  async function submit(event) {
    event.preventDefault();
    const shown = token.value.trim();
    if (!shown) {
      say(t("login.empty"));
      return;
    }
    enter.disabled = true;
    replace(said);
    try {
      await postJson("/api/login", { token: shown });
    } catch (refused) {
      if (!gone) {
        enter.disabled = false;
        say(sentenceOf(refused));
      }
      return;
    }
    token.value = "";
    location.hash = safe(params.to);
    document.dispatchEvent(new CustomEvent("coilwatch:entered"));
  }

  function say(sentence) {
    replace(said, icon("worker_down"), el("span", {}, sentence));
    token.setAttribute("aria-invalid", "true");
    token.select();
    token.focus();
  }

  root.append(
    el(
      "form",
      { class: "login panel", novalidate: true, onsubmit: submit },
      el("h1", {}, t("login.title")),
      el("p", { class: "soft" }, t("login.what")),
      el("label", { for: "login-token" }, t("login.token")),
      el("div", { class: "login-field" }, token, reveal),
      said,
      enter,
      el("p", { class: "login-where soft" }, t("login.where")),
    ),
  );
  token.focus();
  return () => {
    gone = true;
    token.value = "";
  };
}

function sentenceOf(refused) {
  const known = { 401: "login.wrong", 429: "login.tooMany" }[refused.status];
  return known ? t(known) : refused.sentence;
}

/** Only an address of this page: whoever made the link decides nothing else. */
function safe(to) {
  return to?.startsWith("#/") && !to.startsWith("#/login") ? to : "#/";
}
