// What this page asks of the server.

async function json(path, options) {
  const answer = await fetch(path, { cache: "no-store", ...options });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail || "");
  return answer.json();
}

const post = (path, body) =>
  json(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

export const send = (gesture) => post("/simulator/send", gesture);
export const again = (openid) => post("/simulator/again", { openid });
export const citizens = () => json("/simulator/citizens");
export const card = async (openid) => {
  const answer = await fetch(`/simulator/cards/${encodeURIComponent(openid)}.png`, { cache: "no-store" });
  return answer.ok ? answer.blob() : null;
};
export const menu = () => json("/simulator/menu");
export const posters = () => json("/simulator/posters");
export const sms = () => json("/simulator/sms");
export const outbox = (openid) => json(`/simulator/outbox?openid=${encodeURIComponent(openid)}`);
