// Beside the phone: citizens, posters, and what the platform can do to us.

import * as api from "./api.js";
import { face } from "./bubbles.js";
import { again, drawChat, follow, unfollow } from "./chat.js";
import { fill } from "./composer.js";
import { $, make } from "./dom.js";
import * as memory from "./memory.js";
import { closePage, openPage } from "./webview.js";

const FACTS = { real_name: "姓名", phone: "手机号", id_number: "身份证号", filing_number: "备案编号" };

export function openPanel(open) {
  $("panel").classList.toggle("open", open);
  $("scrim").hidden = !open;
  $("open-panel").setAttribute("aria-expanded", open);
  if (open) $("close-panel").focus();
}

function citizenButton(citizen) {
  const button = make("button", {}, face(citizen), make("span", { className: "who" }, citizen.name));
  if (citizen.unread) button.append(make("span", { className: "dot", title: "未读" }, String(citizen.unread)));
  button.setAttribute("aria-pressed", citizen === memory.current());
  button.addEventListener("click", () => {
    closePage();
    memory.change(citizen.openid);
    showCitizens();
    drawChat();
    document.dispatchEvent(new Event("switched"));
  });
  return make("li", {}, button);
}

function fact(label, value) {
  const use = make("button", { className: "soft" }, "填入");
  use.setAttribute("aria-label", `把${label}填进输入框`);
  use.addEventListener("click", () => {
    fill(value);
    openPanel(false);
  });
  return [make("dt", {}, label), make("dd", {}, make("span", {}, value), use)];
}

function showCitizens() {
  const citizen = memory.current();
  const elsewhere = memory.everybody().reduce((sum, one) => sum + one.unread, 0);
  const facts = Object.entries(FACTS).filter(([key]) => citizen[key]);
  $("citizens").replaceChildren(...memory.everybody().map(citizenButton));
  $("facts").replaceChildren(
    ...facts.flatMap(([key, label]) => fact(label, citizen[key])),
    make("dt", {}, "OpenID"),
    make("dd", {}, citizen.openid),
  );
  $("switch-follow").textContent = citizen.following ? "取消关注" : "关注";
  $("unread").textContent = elsewhere;
  $("unread").hidden = elsewhere === 0;
}

function posterButton(poster) {
  const address = `/simulator/posters/${encodeURIComponent(poster.scene)}.png`;
  const code = make("img", { src: address, alt: "", loading: "lazy", width: 120, height: 120 });
  const words = [make("b", {}, poster.title), make("span", {}, poster.subtitle)];
  const button = make("button", {}, code, ...words);
  button.setAttribute("aria-label", `扫一扫：${poster.title} ${poster.subtitle}`);
  button.addEventListener("click", () => {
    openPanel(false);
    closePage();
    follow(poster.scene);
  });
  return make("li", {}, button);
}

async function showPosters() {
  const posters = await api.posters();
  const buttons = posters.map(posterButton);
  $("posters").replaceChildren(...(buttons.length ? buttons : [make("li", { className: "empty" }, "还没有海报。")]));
}

function preparePlatform() {
  $("again").addEventListener("click", async () => {
    $("platform-note").textContent = await again();
  });
  $("switch-follow").addEventListener("click", () => {
    openPanel(false);
    return memory.current().following ? unfollow() : follow();
  });
  $("open-agree").addEventListener("click", () => {
    openPanel(false);
    openPage("/simulator/agree");
  });
  $("clear").addEventListener("click", () => {
    memory.forget(memory.current());
    drawChat();
  });
  $("tap-ids").checked = memory.tapIds();
  $("tap-ids").addEventListener("change", ({ target }) => memory.useTapIds(target.checked));
}

export function preparePanel() {
  $("open-panel").addEventListener("click", () => openPanel(!$("panel").classList.contains("open")));
  $("webview-panel").addEventListener("click", () => openPanel(true));
  $("close-panel").addEventListener("click", () => {
    openPanel(false);
    $($("webview").hidden ? "open-panel" : "webview-panel").focus();
  });
  $("scrim").addEventListener("click", () => openPanel(false));
  $("add-citizen").addEventListener("submit", (event) => {
    event.preventDefault();
    memory.add($("new-name").value.trim() || "市民");
    event.target.reset();
    showCitizens();
    drawChat();
  });
  document.querySelector('[data-tool="scan"]').addEventListener("click", () => {
    openPanel(true);
    $("h-posters").scrollIntoView({ block: "start" });
  });
  document.addEventListener("citizens", showCitizens);
  document.addEventListener("close-panel", () => openPanel(false));
  preparePlatform();
  showCitizens();
  showPosters();
}
