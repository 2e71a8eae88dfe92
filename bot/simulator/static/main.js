// Put the phone and the panel together.

import * as api from "./api.js";
import { watch } from "./arrivals.js";
import { drawChat, follow, prepareChat, say, showProfile, unfollow } from "./chat.js";
import { prepareComposer } from "./composer.js";
import { $ } from "./dom.js";
import * as memory from "./memory.js";
import { openPanel, preparePanel } from "./panel.js";
import { closePage, openPage, prepareWebview } from "./webview.js";

function useLink(event) {
  const anchor = event.target.closest("a");
  if (!anchor) return;
  event.preventDefault();
  if (anchor.classList.contains("tap")) say(anchor.dataset.text, memory.tapIds() ? anchor.dataset.tap : "");
  else openPage(anchor.href);
}

function prepareProfile() {
  $("open-profile").addEventListener("click", () => {
    if (memory.current().following) showProfile($("profile").hidden);
  });
  $("to-chat").addEventListener("click", () => showProfile(false));
  $("follow").addEventListener("click", () => follow());
  $("unfollow").addEventListener("click", unfollow);
}

// A poster held before a real camera opens this page with its scene.
function scanned() {
  const scene = new URLSearchParams(location.search).get("scan");
  if (!scene) return;
  history.replaceState(null, "", location.pathname);
  follow(scene);
}

function escape(event) {
  if (event.key !== "Escape") return;
  closePage();
  openPanel(false);
}

async function start() {
  memory.meet(await api.citizens());
  prepareWebview();
  prepareProfile();
  preparePanel();
  await prepareComposer();
  prepareChat();
  drawChat();
  $("chat").addEventListener("click", useLink);
  document.addEventListener("keydown", escape);
  watch();
  scanned();
  document.body.dataset.ready = "yes";
}

start();
