// Under the chat: typing, voice, pictures, and the account's menu.

import * as api from "./api.js";
import { act, say, toEnd } from "./chat.js";
import { $, icon, make } from "./dom.js";
import { current } from "./memory.js";
import { fillPage } from "./webview.js";

const SHOWN_SIDE = 360;
const PLACE = "良乡大学城地铁站";
const SHARED = "https://www.beijing.gov.cn/";

/** Put words where the citizen would type them: in the open page, else in the chat. */
export function fill(text) {
  if (fillPage(text)) return;
  showMenu(false);
  showVoice(false);
  $("words").value = text;
  resize();
  $("words").focus();
}

function resize() {
  const words = $("words");
  words.style.height = "auto";
  words.style.height = `${words.scrollHeight}px`;
  const ready = words.value.trim() !== "";
  $("send").hidden = !ready;
  $("show-more").hidden = ready;
}

function sendWords() {
  const text = $("words").value.trim();
  if (!text) return;
  $("words").value = "";
  resize();
  $("words").focus();
  say(text);
}

function showMenu(on) {
  $("menu-row").hidden = !on;
  $("typing-row").hidden = on;
  showMore(false);
  closeLists();
}

function showMore(on) {
  $("more").hidden = !on;
  $("show-more").setAttribute("aria-expanded", on);
  if (on) toEnd();
}

function showVoice(on) {
  $("hold").hidden = !on;
  $("words").hidden = on;
  $("show-voice").setAttribute("aria-pressed", on);
  $("show-voice").setAttribute("aria-label", on ? "切换到键盘" : "切换到语音");
  $("show-voice").querySelector("use").setAttribute("href", on ? "#i-keyboard" : "#i-voice");
  if (on) showMore(false);
}

function closeLists() {
  document.querySelectorAll(".menu-list").forEach((list) => { list.hidden = true; });
  document.querySelectorAll(".menu-group > button").forEach((name) => name.setAttribute("aria-expanded", "false"));
}

function group({ name, buttons }) {
  const list = make("div", { className: "menu-list", hidden: true });
  const opener = make("button", {}, icon("lines"), name);
  opener.setAttribute("aria-expanded", "false");
  opener.addEventListener("click", () => {
    const open = list.hidden;
    closeLists();
    list.hidden = !open;
    opener.setAttribute("aria-expanded", open);
  });
  for (const button of buttons) {
    const line = make("button", {}, button.name);
    line.addEventListener("click", () => {
      closeLists();
      act({ kind: "menu", text: button.key });
    });
    list.append(line);
  }
  return make("div", { className: "menu-group" }, list, opener);
}

async function smaller(file) {
  const whole = await createImageBitmap(file);
  const scale = Math.min(1, SHOWN_SIDE / Math.max(whole.width, whole.height));
  const canvas = make("canvas", { width: Math.round(whole.width * scale), height: Math.round(whole.height * scale) });
  canvas.getContext("2d").drawImage(whole, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.75);
}

const base64 = (file) => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.addEventListener("load", () => done(reader.result.slice(reader.result.indexOf(",") + 1)));
  reader.addEventListener("error", () => failed(reader.error));
  reader.readAsDataURL(file);
});

async function sendPicture(file) {
  showMore(false);
  const picture = await base64(file);
  const shown = await smaller(file).catch(() => "");
  act({ kind: "image", picture }, { kind: "image", picture: shown });
}

function picked(event) {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) sendPicture(file);
}

async function sendCard() {
  const card = await api.card(current().openid);
  if (card) sendPicture(card);
}

function sendVoice(seconds) {
  act({ kind: "voice" }, { kind: "voice", seconds: Math.max(1, Math.min(60, Math.round(seconds))) });
}

function listen() {
  let since = 0;
  const hold = $("hold");
  hold.addEventListener("pointerdown", (event) => {
    hold.setPointerCapture(event.pointerId);
    since = event.timeStamp;
    hold.classList.add("held");
    hold.textContent = "松开 发送";
  });
  const release = (event) => {
    if (!since) return;
    const seconds = (event.timeStamp - since) / 1000;
    since = 0;
    hold.classList.remove("held");
    hold.textContent = "按住 说话";
    if (event.type === "pointerup") sendVoice(seconds);
  };
  hold.addEventListener("pointerup", release);
  hold.addEventListener("pointercancel", release);
  // A key press has no length; it is a click without a pointer.
  hold.addEventListener("click", (event) => event.detail === 0 && sendVoice(2));
}

const GESTURES = {
  card: sendCard,
  video: () => act({ kind: "video" }, { kind: "video" }),
  location: () => act({ kind: "location", text: PLACE }, { kind: "location", text: PLACE }),
  link: () => act({ kind: "link", text: SHARED }, { kind: "link", text: SHARED }),
};

function prepareMore() {
  $("show-more").addEventListener("click", () => showMore($("more").hidden));
  $("more").addEventListener("click", ({ target }) => {
    const { pick, gesture } = target.closest("button")?.dataset ?? {};
    if (pick) $(pick).click();
    if (gesture) {
      showMore(false);
      GESTURES[gesture]();
    }
  });
  $("album").addEventListener("change", picked);
  $("camera").addEventListener("change", picked);
}

export async function prepareComposer() {
  $("words").addEventListener("input", resize);
  $("words").addEventListener("focus", () => showMore(false));
  $("words").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    sendWords();
  });
  $("send").addEventListener("click", sendWords);
  $("show-menu").addEventListener("click", () => { showMenu(true); $("show-keyboard").focus(); });
  $("show-keyboard").addEventListener("click", () => { showMenu(false); $("words").focus(); });
  $("show-voice").addEventListener("click", () => showVoice($("hold").hidden));
  document.addEventListener("keydown", (event) => event.key === "Escape" && (closeLists(), showMore(false)));
  document.addEventListener("click", ({ target }) => target.closest(".menu-group") || closeLists());
  prepareMore();
  listen();
  const groups = await api.menu();
  $("menu-row").append(...groups.map(group));
  $("show-menu").hidden = groups.length === 0;
}
