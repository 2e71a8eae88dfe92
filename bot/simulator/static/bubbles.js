// One line of a chat as WeChat draws it.

import { icon, make, ownPath } from "./dom.js";
import { tintOf } from "./memory.js";

const LINK = /<a\s[^>]*?href="([^"]*)"[^>]*>([^<]*)<\/a>|https?:\/\/[^\s<>"'，。；：！？、（）《》]+/g;
const TAP = "weixin://bizmsgmenu?";

function plain(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function tapOf(href) {
  const parts = href.slice(TAP.length).replaceAll("&amp;", "&").split("&");
  const pairs = parts.map((part) => part.split(/=(.*)/s).slice(0, 2));
  const asked = Object.fromEntries(pairs);
  return { text: plain(asked.msgmenucontent ?? ""), tap: asked.msgmenuid ?? "" };
}

function link(href, label) {
  const address = href.replaceAll("&amp;", "&");
  if (address.startsWith(TAP)) {
    const anchor = make("a", { href: address, className: "tap" }, label);
    Object.assign(anchor.dataset, tapOf(address));
    return anchor;
  }
  if (/^https?:\/\//.test(address)) return make("a", { href: address, className: "page" }, label);
  return label;
}

/** Cut words into text and the two kinds of links WeChat knows; anything else stays literal. */
function withLinks(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    parts.push(text.slice(end, found.index), link(found[1] ?? found[0], found[2] ?? found[0]));
    end = found.index + found[0].length;
  }
  return [...parts, text.slice(end)];
}

export function face(citizen) {
  const shown = make("span", { className: `face tint-${tintOf(citizen)}` }, [...citizen.name][0]);
  shown.setAttribute("aria-hidden", "true");
  return shown;
}

function accountFace() {
  return make("span", { className: "face" }, make("img", { src: "/simulator/static/house.svg", alt: "" }));
}

function voice(line) {
  const length = Math.min(4, Math.ceil(line.seconds / 3));
  const shown = make("div", { className: `bubble voice s${length}` }, icon("wave"), `${line.seconds}″`);
  shown.append(make("span", { className: "only-heard" }, "语音消息"));
  return shown;
}

const CONTENT = {
  text: (line) => make("div", { className: "bubble" }, ...withLinks(line.text)),
  said: (line) => make("div", { className: "bubble" }, line.text),
  image: (line) =>
    line.picture
      ? make("img", { className: "photo", src: line.picture, alt: "照片" })
      : make("div", { className: "bubble" }, "［照片］"),
  voice,
  video: () => {
    const film = make("div", { className: "film", role: "img" }, icon("play"));
    film.setAttribute("aria-label", "视频");
    return film;
  },
  location: (line) =>
    make("div", { className: "box" }, make("strong", {}, line.text), make("small", {}, "位置"), make("div", { className: "map" })),
  link: (line) => make("div", { className: "box" }, make("strong", {}, "分享的网页"), make("small", {}, line.text)),
};

function picture(address) {
  const shown = make("img", { src: ownPath(address) ?? address, alt: "" });
  shown.addEventListener("error", () => shown.remove());
  return shown;
}

function article(line) {
  const { title, description, url, picture: address } = line.article;
  const words = make("div", { className: "article-words" }, make("b", {}, title));
  if (description) words.append(make("p", {}, description));
  const foot = make("div", { className: "article-foot" }, "查看详情", icon("back"));
  const card = make("a", { className: "article page", href: url }, words, foot);
  if (address) card.prepend(picture(address));
  return make("div", { className: "card-row" }, card);
}

const CARDS = { template: "模板消息", subscription: "订阅通知" };

function notice(line) {
  const facts = make("dl");
  for (const [name, value] of Object.entries(line.facts ?? {})) {
    facts.append(make("dt", {}, name), make("dd", {}, String(value?.value ?? value)));
  }
  const words = make("div", { className: "article-words" }, make("b", {}, line.text || "服务通知"), facts);
  const kind = make("small", { className: "article-kind" }, CARDS[line.card] ?? "服务通知");
  return make("div", { className: "card-row" }, make("div", { className: "article" }, kind, words));
}

/** Draw one kept line of this citizen's chat. */
export function draw(line, citizen) {
  if (line.from === "note") return make("p", { className: "note" }, line.text);
  let row;
  if (line.kind === "news") row = article(line);
  else if (line.kind === "notice") row = notice(line);
  else {
    const mine = line.from === "me";
    const speaker = make("span", { className: "only-heard" }, mine ? "我：" : "公众号：");
    row = make("div", { className: "row" }, mine ? face(citizen) : accountFace(), speaker, CONTENT[line.kind](line));
    row.classList.toggle("unsent", Boolean(line.unsent));
  }
  row.dataset.from = line.from;
  return row;
}
