// Buttons of citizens' pages: print the page, or close it and go back to the chat.

const bridge = () => window.WeixinJSBridge;

function offerClosing() {
  document.querySelectorAll("[data-close]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => bridge().call("closeWindow"));
  });
}

document.querySelectorAll("[data-print]").forEach((button) => {
  button.addEventListener("click", () => window.print());
});

// A second click must not send the same form again while the first is under way.
document.querySelectorAll("form").forEach((form) => {
  form.addEventListener("submit", () => {
    form.querySelectorAll("[type=submit]").forEach((button) => {
      setTimeout(() => { button.disabled = true; button.textContent = "正在提交…"; });
    });
  });
});

// Only inside the chat's own view is there something to go back to.
if (bridge()) offerClosing();
else document.addEventListener("WeixinJSBridgeReady", offerClosing, { once: true });
