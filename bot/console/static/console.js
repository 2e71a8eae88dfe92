/* Two small things that HTML cannot do by itself: seconds that count, and a menu that opens on a phone. */

const counters = () => {
  for (const one of document.querySelectorAll("time[data-since]")) {
    const seconds = Math.max(0, Math.round((Date.now() - one.seen) / 1000));
    one.textContent = `更新于 ${seconds} 秒前`;
    one.classList.toggle("stale", seconds > Number(one.dataset.since));
  }
};

// What counts is when it arrived here: the clocks of two machines differ.
const mark = (root) => {
  for (const one of root.querySelectorAll("time[data-since]")) {
    one.seen ??= Date.now();
  }
  counters();
};

document.addEventListener("htmx:afterSettle", () => mark(document));
const menu = document.getElementById("menu");
const button = document.querySelector(".menu-button");
const open = (wanted) => {
  menu.classList.toggle("open", wanted);
  button.setAttribute("aria-expanded", String(wanted));
};
button?.addEventListener("click", () => open(!menu.classList.contains("open")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu?.classList.contains("open")) {
    open(false);
    button.focus();
  }
});

mark(document);
setInterval(counters, 1000);
