// The open chat: its lines, its title, and every gesture of the citizen.

import * as api from "./api.js";
import { draw } from "./bubbles.js";
import { $, make, spoken } from "./dom.js";
import * as memory from "./memory.js";
import { showRaw } from "./raw.js";

const PAUSE = 5 * 60_000;
const STRANGERS = new Set(["follow", "unfollow"]);
const FAULT = "该公众号提供的服务出现故障，请稍后再试";
const account = document.body.dataset.account;
const waiting = new Map();
let last = 0;

function append(line, citizen) {
  if (line.at - last > PAUSE) $("chat").append(make("p", { className: "mark" }, spoken(line.at)));
  last = line.at;
  const row = draw(line, citizen);
  $("chat").append(row);
  return row;
}

export function toEnd() {
  $("chat").scrollTop = $("chat").scrollHeight;
}

/** Keep the newest line in sight when the keyboard rises or a picture arrives. */
export function prepareChat() {
  new ResizeObserver(toEnd).observe($("chat"));
  $("chat").addEventListener("load", toEnd, true);
}

/** Draw the whole chat of the citizen who holds the phone. */
export function drawChat() {
  const citizen = memory.current();
  last = 0;
  $("chat").setAttribute("aria-live", "off");
  $("chat").replaceChildren();
  citizen.lines.forEach((line) => append(line, citizen));
  showProfile(!citizen.following);
  showTitle();
  toEnd();
  requestAnimationFrame(() => $("chat").setAttribute("aria-live", "polite"));
}

/** Keep a line and show it if this chat is open. */
export function tell(citizen, line) {
  const kept = memory.keep(citizen, line);
  if (citizen === memory.current()) {
    append(kept, citizen);
    toEnd();
  }
  document.dispatchEvent(new Event("citizens"));
  return kept;
}

function showTitle() {
  const busy = (waiting.get(memory.current().openid) ?? 0) > 0;
  $("title").textContent = busy ? "对方正在输入…" : account;
  document.body.dataset.waiting = [...waiting.values()].reduce((sum, one) => sum + one, 0);
}

function wait(citizen, step) {
  waiting.set(citizen.openid, (waiting.get(citizen.openid) ?? 0) + step);
  showTitle();
}

function hear(citizen, reply) {
  if (reply.kind === "text") tell(citizen, { from: "bot", kind: "text", text: reply.text });
  if (reply.kind === "news") tell(citizen, { from: "bot", kind: "news", article: reply.article });
  if (reply.kind === "transfer") tell(citizen, { from: "note", text: "已转到微信的多客服，等坐席接入。" });
  if (reply.kind === "fault") tell(citizen, { from: "note", text: FAULT });
}

/** Do something as the citizen: `shown` is how it looks in the chat, if it shows there. */
export async function act(gesture, shown) {
  const citizen = memory.current();
  // Only followers have a chat: whoever just types has followed by it.
  if (!citizen.following && !STRANGERS.has(gesture.kind)) await follow();
  const line = shown && tell(citizen, { from: "me", ...shown });
  wait(citizen, 1);
  try {
    const exchange = await api.send({ openid: citizen.openid, ...gesture });
    showRaw(exchange.raw);
    if (citizen.following) hear(citizen, exchange.reply);
  } catch {
    if (line) line.unsent = true;
    tell(citizen, { from: "note", text: "没有送到。请看看服务是否在运行，再发一次。" });
  } finally {
    wait(citizen, -1);
    document.dispatchEvent(new Event("heard"));
  }
}

export const say = (text, tap = "") => act({ kind: "text", text, tap }, { kind: "said", text });

/** Let the platform deliver the last message once more, byte for byte. */
export async function again() {
  const citizen = memory.current();
  const before = citizen.lines.findLast((line) => line.from === "bot");
  try {
    const { reply, raw } = await api.again(citizen.openid);
    showRaw(raw);
    const same = reply.kind === "none" || sameReply(before, reply);
    if (!same) hear(citizen, reply);
    return same ? "已重发：回复与上次完全相同。" : "已重发：回复与上次不同，见聊天。";
  } catch (error) {
    return error.message || "没有送到。请看看服务是否在运行，再点一次。";
  }
}

function sameReply(line, reply) {
  if (!line || line.kind !== reply.kind) return false;
  return line.kind === "news"
    ? JSON.stringify(line.article) === JSON.stringify(reply.article)
    : line.text === reply.text;
}

export function showProfile(open) {
  const { following } = memory.current();
  $("profile").hidden = !open;
  $("follow").hidden = following;
  $("to-chat").hidden = !following;
  $("unfollow").hidden = !following;
  $("chat").inert = open;
  $("composer").inert = open && following;
  $("device").toggleAttribute("data-stranger", !following);
  $("words").placeholder = following ? "" : "打字也行，会先关注";
}

export async function follow(scene = "") {
  const citizen = memory.current();
  const greeted = citizen.following;
  citizen.following = true;
  memory.save();
  showProfile(false);
  document.dispatchEvent(new Event("citizens"));
  await act(greeted ? { kind: "scan", scene } : { kind: "follow", scene });
}

export async function unfollow() {
  const citizen = memory.current();
  citizen.following = false;
  memory.save();
  showProfile(true);
  document.dispatchEvent(new Event("citizens"));
  await act({ kind: "unfollow" });
}
