// The last exchange as it went over the wire.

import { $ } from "./dom.js";

const PARTS = ["sent_xml", "reply_xml", "sent_envelope", "reply_envelope"];

const indented = (xml) => xml.replace(/(<\/\w+>|<xml>|<Articles>|<item>)(?=<)/g, "$1\n").trim();

export function showRaw(raw) {
  $("raw-status").textContent = `HTTP ${raw.status}`;
  $("raw-status").toggleAttribute("data-bad", raw.status !== 200);
  for (const part of PARTS) {
    $(`raw-${part}`).querySelector("pre").textContent = indented(raw[part]) || "（空）";
  }
}
