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

const WHY = {
  40003: "平台不认识这位市民",
  40037: "公众号没有这个模板",
  43004: "市民没有关注公众号",
  43101: "市民没有同意接收这种订阅通知",
  45009: "公众号今天的次数用完了",
  45015: "市民太久没来聊天，或者不再关注",
  45047: "市民再说话之前，能发的条数用完了",
  47003: "内容不合模板的格式",
};
const KINDS = { text: "客服消息", image: "图片", template: "模板消息", subscription: "订阅通知" };

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
  if (kind === "image") return { from: "bot", kind: "image" };
  if (kind === "text") return { from: "bot", kind: "text", text };
  return { from: "bot", kind: "notice", card: kind, text, facts: data };
}

function became({ state, errcode, why }) {
  if (state === "blocked") return "没有送达：市民拒收";
  return state === "refused" ? `没有送达：${WHY[errcode] ?? why}（${errcode}）` : "已送达";
}

function pushedEntry(push) {
  const from = make("span", { className: "from" }, `${KINDS[push.kind] ?? push.kind} · ${spoken(push.sent_at)} · ${became(push)}`);
  const item = make("li", {}, from, make("span", {}, push.text));
  item.dataset.state = push.state;
  return item;
}

function showPushed(citizen, all) {
  if (citizen !== memory.current()) return;
  const entries = all.slice(0, SHOWN).map(pushedEntry);
  $("pushed").replaceChildren(...(entries.length ? entries : [make("li", { className: "empty" }, "公众号还没有主动发过消息。")]));
}

async function readPushed(citizen) {
  const all = await api.outbox(citizen.openid);
  showPushed(citizen, all);
  const fresh = all.slice(0, Math.max(0, all.length - citizen.pushed)).reverse();
  citizen.pushed = all.length;
  // What the platform did not deliver is on no phone: the panel tells of it.
  fresh.filter(({ state }) => state === "delivered").forEach((push) => tell(citizen, pushedLine(push)));
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
  document.addEventListener("switched", look);
}
