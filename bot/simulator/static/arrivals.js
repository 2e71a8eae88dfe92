// What reaches the phone by itself: text messages, and messages pushed by the account.

import * as api from "./api.js";
import { tell } from "./chat.js";
import { fill } from "./composer.js";
import { $, make, spoken } from "./dom.js";
import * as memory from "./memory.js";

const EVERY = 3000;
const SHOWN = 6;
const BANNER = 10_000;
let newest = null;
let turn = 0;

const keyOf = (sms) => `${sms.sent_at} ${sms.phone} ${sms.code}`;

function useButton(sms) {
  const button = make("button", { className: "soft" }, "填入");
  button.setAttribute("aria-label", `把验证码 ${sms.code} 填进输入框`);
  button.addEventListener("click", () => {
    $("sms-banner").hidden = true;
    fill(sms.code);
    document.dispatchEvent(new Event("close-panel"));
  });
  return button;
}

function entry(sms) {
  const from = make("span", { className: "from" }, `${sms.phone} · ${spoken(sms.sent_at)}`);
  const item = make("li", {}, from);
  if (sms.code) item.append(useButton(sms));
  item.append(make("span", {}, sms.text));
  return item;
}

function announce(sms) {
  const words = make("div", {}, make("b", {}, "短信"), sms.text);
  $("sms-banner").replaceChildren(make("span", { className: "sms-icon" }), words);
  if (sms.code) $("sms-banner").append(useButton(sms));
  $("sms-banner").hidden = false;
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => { $("sms-banner").hidden = true; }, BANNER);
}

async function readSms() {
  const all = await api.sms();
  const top = all.length ? keyOf(all[0]) : "";
  if (top === newest) return;
  const first = newest === null;
  newest = top;
  const entries = all.slice(0, SHOWN).map(entry);
  $("sms").replaceChildren(...(entries.length ? entries : [make("li", { className: "empty" }, "还没有短信。请求验证码后会出现在这里。")]));
  if (!first && all.length) announce(all[0]);
}

function pushedLine({ kind, text, data }) {
  if (kind === "text") return { from: "bot", kind: "text", text };
  return { from: "bot", kind: "notice", card: kind, text, facts: data };
}

async function readPushed(citizen) {
  const all = await api.outbox(citizen.openid);
  const fresh = all.slice(0, Math.max(0, all.length - citizen.pushed)).reverse();
  citizen.pushed = all.length;
  fresh.forEach((push) => tell(citizen, pushedLine(push)));
  if (fresh.length) memory.save();
}

/** Look at the open chat, and at one other citizen in turn. */
async function lookOnce() {
  if (document.hidden) return;
  const others = memory.everybody().filter((one) => one !== memory.current());
  const other = others[turn++ % others.length];
  $("clock").textContent = spoken(Date.now());
  try {
    await readSms();
    await readPushed(memory.current());
    if (other) await readPushed(other);
  } catch {
    // The server is away; the next look will tell.
  }
}

// One look after the other: an answer that overtakes another would show a message twice.
let looks = Promise.resolve();
function look() {
  looks = looks.then(lookOnce);
}

export function watch() {
  look();
  setInterval(look, EVERY);
  document.addEventListener("heard", look);
  document.addEventListener("page-closed", look);
}
