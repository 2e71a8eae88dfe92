// Pages of our own open inside the chat, as WeChat opens them; strange ones in a new tab.

import { $, ownPath } from "./dom.js";
import { current } from "./memory.js";

const FIELDS = "textarea, input:not([type=hidden], [type=checkbox], [type=radio], [type=submit], [type=file])";
const BEHIND = ["chat", "composer", "profile"];
let opener = null;

export function openPage(href) {
  const path = ownPath(href);
  if (path === null) {
    window.open(href, "_blank", "noopener");
    return;
  }
  opener = document.activeElement;
  $("webview-title").textContent = "正在打开…";
  $("webview").hidden = false;
  BEHIND.forEach((id) => { $(id).inert = true; });
  // The app tells its pages who opens them.
  const as = new URLSearchParams({ openid: current().openid, to: path });
  $("webview-frame").contentWindow.location.replace(`/simulator/open?${as}`);
  $("webview-back").focus();
}

export function closePage() {
  if ($("webview").hidden) return;
  $("webview").hidden = true;
  BEHIND.forEach((id) => { $(id).inert = false; });
  $("webview-frame").contentWindow.location.replace("about:blank");
  (opener?.isConnected ? opener : $("words")).focus();
  document.dispatchEvent(new Event("page-closed"));
}

/** Type words into the page's field that has the caret, else into its first empty one. */
export function fillPage(text) {
  if ($("webview").hidden) return false;
  const page = $("webview-frame").contentDocument;
  const fields = [...(page?.querySelectorAll(FIELDS) ?? [])];
  const field = fields.find((one) => one === page.activeElement) ?? fields.find((one) => !one.value);
  if (!field) return false;
  field.focus();
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  return true;
}

// The real app gives its pages a bridge; ours knows the one call that closes the page.
function lendBridge() {
  const page = $("webview-frame").contentWindow;
  try {
    $("webview-title").textContent = page.document.title || "网页";
    page.WeixinJSBridge = { invoke: (name) => name === "closeWindow" && closePage(), call: (name) => name === "closeWindow" && closePage() };
    page.document.dispatchEvent(new Event("WeixinJSBridgeReady"));
    page.addEventListener("keydown", (event) => event.key === "Escape" && closePage());
  } catch {
    $("webview-title").textContent = "网页";
  }
}

export function prepareWebview() {
  $("webview-frame").addEventListener("load", lendBridge);
  $("webview-back").addEventListener("click", closePage);
  $("webview-close").addEventListener("click", closePage);
}
