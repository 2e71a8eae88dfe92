// Small tools to build and find elements; text is never parsed as HTML.

export const $ = (id) => document.getElementById(id);

/** Make an element: `make("b", {className: "x"}, "words", child)`. */
export function make(tag, traits = {}, ...children) {
  const element = Object.assign(document.createElement(tag), traits);
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

const DAY = 86_400_000;
const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);

/** Say a moment as the platform's chat does: 9:05, 昨天 9:05, 3月4日 9:05. */
export function spoken(moment) {
  const when = new Date(moment);
  const clock = `${when.getHours()}:${String(when.getMinutes()).padStart(2, "0")}`;
  const days = Math.round((midnight(Date.now()) - midnight(moment)) / DAY);
  if (days <= 0) return clock;
  if (days === 1) return `昨天 ${clock}`;
  return `${when.getMonth() + 1}月${when.getDate()}日 ${clock}`;
}

/** Return the path of an address on this very server, under whichever of its names; else null. */
export function ownPath(href) {
  const url = new URL(href, location.href);
  const names = [location.origin];
  const { publicUrl } = document.body.dataset;
  if (publicUrl) names.push(new URL(publicUrl).origin);
  return names.includes(url.origin) ? url.pathname + url.search + url.hash : null;
}
