/* The agents' room: what changes is told by server-sent events, and asked for where those fail. */

const at = "/console/talk";
const byId = (id) => document.getElementById(id);
const room = byId("talk");
const drafts = new Map();
let talkId = null;
let view = null;
let stamps = new Map();
let rows = [];
let canned = null;
let composing = false;
let toldTyping = 0;
let endAsked = 0;
let heard = 0;

// Asking and telling

const fresh = () => {
  byId("fresh").seen = Date.now();
};

const trouble = (words) => {
  byId("trouble").textContent = words;
  byId("trouble").hidden = !words;
};

const ask = async (path) => {
  const answer = await fetch(`${at}/${path}`, { headers: { Accept: "application/json" } });
  if (answer.redirected || answer.status === 401) {
    location.reload();
  }
  return answer.json();
};

const tell = async (path, boxes = {}) => {
  const body = new URLSearchParams(boxes);
  const answer = await fetch(`${at}/${path}`, { method: "POST", body });
  if (answer.redirected || answer.status === 401) {
    location.reload();
  }
  return answer.status === 204 ? {} : answer.json();
};

const say = (words) => {
  byId("said").textContent = words;
  byId("said").hidden = !words;
};

const here = async (typing = false) => {
  const looking = talkId === null ? "" : String(talkId);
  await tell("here", typing ? { looking, typing: "1" } : { looking }).catch(() => {});
};

// Drawing

const element = (tag, words = "", classes = "") => {
  const made = document.createElement(tag);
  made.textContent = words;
  made.className = classes;
  return made;
};

const waited = (seconds) =>
  seconds < 60 ? `等了 ${seconds} 秒` : `等了 ${Math.floor(seconds / 60)} 分钟`;

const rowOf = (one) => {
  const row = element("li");
  const button = element("button", "", "talk-row");
  button.type = "button";
  button.dataset.id = String(one.id);
  button.setAttribute("aria-current", String(one.id === talkId));
  button.append(element("strong", one.position ? `第 ${one.position} 位 · ${one.about}` : one.about));
  button.append(element("small", `${one.reason} · ${waited(one.since)}`));
  if (one.typing.length) {
    button.append(element("small", `${one.typing.join("、")} 正在写`));
  } else if (one.looking.length) {
    button.append(element("small", `${one.looking.join("、")} 正在看`));
  }
  button.addEventListener("click", () => open(one.id));
  row.append(button);
  return row;
};

const drawQueue = (queue) => {
  rows = [...queue.waiting, ...queue.mine, ...queue.others].map((one) => one.id);
  for (const name of ["waiting", "mine", "others"]) {
    byId(name).replaceChildren(...queue[name].map(rowOf));
  }
  byId("waiting-count").textContent = String(queue.waiting.length);
  byId("nobody").hidden = queue.waiting.length > 0;
  document.title = `${queue.waiting.length ? `(${queue.waiting.length}) ` : ""}人工客服 · 安居后台`;
  const others = queue.here.filter((one) => one.agent !== room.dataset.me);
  const chosen = byId("to").value;
  byId("to").replaceChildren(
    ...others.map((one) => {
      const option = element("option", one.name);
      option.value = one.agent;
      return option;
    }),
  );
  byId("to").value = others.some((one) => one.agent === chosen) ? chosen : (others[0]?.agent ?? "");
  byId("pass-on").hidden = others.length === 0;
  fresh();
};

const WHO = { citizen: "市民", note: "备注", event: "" };

// Drawn once: a talk that changes is drawn anew, and shall not ask for its pictures again.
const pictures = new Map();

const pictureOf = (line) => {
  if (!pictures.has(line.id)) {
    const link = element("a");
    link.href = `${at}/${talkId}/pictures/${line.id}`;
    link.target = "_blank";
    link.rel = "noopener";
    const image = element("img");
    image.src = link.href;
    image.alt = `市民 ${line.at} 发来的图片，点开看大图`;
    link.append(image);
    pictures.set(line.id, link);
  }
  return pictures.get(line.id);
};

const drawLines = () => {
  const box = byId("lines");
  const low = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  box.replaceChildren(
    ...view.lines.map((line) => {
      const shown = element("div", line.text, `talk-line ${line.kind}`);
      const who = line.kind === "agent" ? line.who || "工作人员" : WHO[line.kind];
      if (line.picture) {
        shown.replaceChildren(pictureOf(line));
      }
      shown.append(element("small", `${who} ${line.at}`.trim()));
      if (line.fate) {
        shown.append(element("small", line.fate, line.tone));
      }
      return shown;
    }),
  );
  if (low) {
    box.scrollTop = box.scrollHeight;
  }
};

const fact = (name, words) => [element("dt", name), element("dd", words)];

const drawCard = () => {
  const card = view.card;
  byId("facts").replaceChildren(
    ...fact("姓名", card.name),
    ...fact("手机", card.phone),
    ...fact("备案家庭", card.family),
    ...fact("正在办", view.asked ? `${view.about}：${view.asked}` : view.about),
    ...card.answers.flatMap(([name, words]) => fact(name, words)),
    ...fact("最近登记", card.registrations.join("\n") || "没有"),
    ...fact("问题单", card.tickets.join("\n") || "没有"),
    ...fact("之前的人工", card.before.join("\n") || "没有"),
  );
};

const drawTalk = () => {
  const mine = view.mine && view.state === "taken";
  byId("chat").hidden = false;
  byId("card").hidden = false;
  byId("chat-title").textContent = `${view.card.name} · ${view.about}`;
  const around = [
    ...view.looking.map((name) => `${name} 也在看`),
    ...view.typing.map((name) => `${name} 正在写`),
  ];
  const ended = view.state === "ended" ? "已结束" : "";
  byId("around").textContent = [ended, ...around].filter(Boolean).join("，");
  byId("before").hidden = view.state !== "waiting";
  byId("write").hidden = !mine;
  byId("come-back").hidden = !(view.comeBack && view.lines.some((line) => line.tone === "warn"));
  drawLines();
  drawCard();
};

const loadQueue = async () => drawQueue(await ask("queue"));

const loadTalk = async () => {
  const wanted = talkId;
  if (wanted === null) {
    return;
  }
  const found = await ask(String(wanted));
  if (wanted !== talkId) {
    return;
  }
  if (found.refused) {
    say(found.refused);
    return;
  }
  view = found;
  drawTalk();
};

const load = async () => {
  try {
    await Promise.all([loadQueue(), loadTalk()]);
    trouble("");
  } catch {
    trouble("连不上服务器，页面上的内容可能不是最新的，正在重试。");
  }
};

const open = async (id) => {
  drafts.set(talkId, byId("text").value);
  talkId = id;
  pictures.clear();
  view = null;
  say("");
  byId("replies").hidden = true;
  byId("text").value = drafts.get(id) ?? "";
  room.classList.toggle("open", id !== null);
  byId("chat").hidden = true;
  byId("card").hidden = true;
  await here();
  await load();
  if (id !== null && view) {
    byId("lines").scrollTop = byId("lines").scrollHeight;
    (view.mine ? byId("text") : byId("chat-title")).focus();
  }
};

// Doing

const act = async (path, boxes) => {
  try {
    const answer = await tell(`${talkId}/${path}`, boxes);
    say(answer.refused ?? "");
    await load();
    return !answer.refused;
  } catch {
    say("没有发出去：连不上服务器。写的内容还在，请再试一次。");
    return false;
  }
};

// The same key until it is known to have arrived: sending again says nothing twice.
let pending = { text: "", key: "" };

const send = async (note) => {
  const box = byId("text");
  const text = box.value.trim();
  if (!text || !view?.mine) {
    return;
  }
  if (!note && /〔[^〔〕\n]*〕/.test(text)) {
    say("内容里还有〔〕没有填，请填好再发。");
    nextBlank(box, 0);
    return;
  }
  if (pending.text !== text) {
    pending = { text, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` };
  }
  const boxes = { text, key: pending.key, ...(note ? { note: "1" } : {}) };
  if (await act("say", boxes)) {
    pending = { text: "", key: "" };
    if (box.value.trim() === text) {
      box.value = "";
    }
    // What becomes of it is known a moment later, and changes nothing in the talk itself.
    for (const wait of [400, 1200, 3000]) {
      setTimeout(() => loadTalk().catch(() => {}), wait);
    }
  }
  box.focus();
};

const end = async () => {
  if (Date.now() - endAsked > 5000) {
    endAsked = Date.now();
    say("要结束这次接待吗？再按一次“结束”确认。");
    return;
  }
  endAsked = 0;
  if (await act("end")) {
    say("已结束，市民会收到通知和评价。");
  }
};

// Kept replies

const nextBlank = (box, from) => {
  const found = /〔[^〔〕\n]*〕/.exec(box.value.slice(from)) ?? /〔[^〔〕\n]*〕/.exec(box.value);
  if (!found) {
    return false;
  }
  const start = box.value.indexOf(found[0], box.value.slice(from).includes(found[0]) ? from : 0);
  box.focus();
  box.setSelectionRange(start, start + found[0].length);
  return true;
};

const drawReplies = () => {
  const wanted = byId("find").value.trim().toLowerCase();
  const fits = canned.filter(
    (one) =>
      one.title.toLowerCase().includes(wanted) ||
      one.letters.includes(wanted) ||
      one.text.includes(wanted),
  );
  byId("found").replaceChildren(
    ...fits.slice(0, 8).map((one, index) => {
      const row = element("li");
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(index === 0));
      const button = element("button", one.title, "talk-row");
      button.type = "button";
      button.append(element("small", one.text.slice(0, 40)));
      button.addEventListener("click", () => insert(one.text));
      row.append(button);
      return row;
    }),
    ...(fits.length ? [] : [element("li", "没有这样的常用语。", "soft")]),
  );
};

const pick = async () => {
  canned = (await ask("replies")).replies;
  byId("replies").hidden = false;
  byId("find").value = "";
  drawReplies();
  byId("find").focus();
};

const insert = (text) => {
  const box = byId("text");
  byId("replies").hidden = true;
  box.value = `${box.value}${text}`;
  if (!nextBlank(box, 0)) {
    box.focus();
  }
};

// Keys

const move = (by) => {
  if (rows.length) {
    const now = rows.indexOf(talkId);
    open(rows[(now + by + rows.length) % rows.length]);
  }
};

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  t: () => view?.state === "waiting" && act("take"),
  r: () => byId("text").focus(),
  n: () => send(true),
  e: () => view?.mine && end(),
  "/": () => view?.mine && pick(),
  "?": () => byId("sheet").showModal(),
};

const typing = (target) => target.matches("input, textarea, select");

document.addEventListener("keydown", (event) => {
  // While Chinese is being composed, keys belong to the input method.
  if (event.isComposing || composing || event.keyCode === 229) {
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || byId("sheet").open) {
    return;
  }
  if (event.key === "Escape") {
    byId("replies").hidden = true;
    event.target.blur?.();
    return;
  }
  if (!typing(event.target) && KEYS[event.key] && !room.hidden) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

byId("text").addEventListener("compositionstart", () => {
  composing = true;
});
byId("text").addEventListener("compositionend", () => {
  // The key that ends the composition comes after this in some browsers.
  setTimeout(() => {
    composing = false;
  }, 0);
});
byId("text").addEventListener("keydown", (event) => {
  if (event.isComposing || composing || event.keyCode === 229) {
    return;
  }
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send(false);
  } else if (event.key === "/" && !event.target.value) {
    event.preventDefault();
    pick();
  } else if (event.key === "Tab" && !event.shiftKey && event.target.value.includes("〔")) {
    if (nextBlank(event.target, event.target.selectionEnd)) {
      event.preventDefault();
    }
  }
});
byId("text").addEventListener("input", () => {
  if (Date.now() - toldTyping > 3000) {
    toldTyping = Date.now();
    here(true);
  }
});
byId("find").addEventListener("input", drawReplies);
byId("find").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    byId("found").querySelector("button")?.click();
  }
});

// Buttons

byId("take").addEventListener("click", () => act("take"));
byId("write").addEventListener("submit", (event) => {
  event.preventDefault();
  send(false);
});
byId("note").addEventListener("click", () => send(true));
byId("slash").addEventListener("click", pick);
byId("end").addEventListener("click", end);
byId("pass").addEventListener("click", () => act("pass", { to: byId("to").value }));
byId("come-back").addEventListener("click", () => act("come-back"));
byId("back").addEventListener("click", () => open(null));
byId("keys").addEventListener("click", () => byId("sheet").showModal());
byId("away").addEventListener("click", async () => {
  await tell("away");
  location.href = "/console";
});

// Hearing

const changed = (told) => {
  heard = Date.now();
  fresh();
  const next = new Map(told.stamps);
  const moved = stamps.get(talkId) !== next.get(talkId);
  stamps = next;
  loadQueue().catch(() => {});
  if (moved) {
    loadTalk().catch(() => {});
  }
};

const source = new EventSource(`${at}/events`);
source.addEventListener("changed", (event) => changed(JSON.parse(event.data)));
source.addEventListener("beat", () => {
  heard = Date.now();
  fresh();
});

// Where nothing is heard, ask.
setInterval(() => {
  if (Date.now() - heard > 15000) {
    load();
  }
}, 5000);
setInterval(() => here(), 20000);

here().then(load);
