// Says how hard a new password is to guess, while it is typed. A rough estimate, made here and
// sent nowhere; the server judges again, and more strictly, when the form is sent off.

const COMMON = [
  "password", "passwd", "qwerty", "asdf", "zxcv", "1qaz", "abc123", "admin", "iloveyou",
  "woaini", "wodemima", "5201314", "1314520", "123456", "654321", "111111", "000000",
  "anju", "beijing", "baozhangfang",
];
const POOLS = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[ -/:-@[-`{-~]/, 33], [/[^ -~]/, 500]];
const STEPS = [26, 34, 44, 56];
const NAMES = ["很弱", "弱", "可以", "强", "很强"];
const SHORTEST = 8;

// What only goes on as before (aaa, 123, cba) is hardly worth a guess more.
function freshCharacters(password) {
  const codes = [...password].map((letter) => letter.codePointAt(0));
  return codes.filter((code, at) => at === 0 || Math.abs(code - codes[at - 1]) > 1).length;
}

function withoutCommon(password) {
  return COMMON.reduce((rest, word) => rest.split(word).join("*"), password.toLowerCase());
}

function scoreOf(password) {
  const pool = POOLS.reduce((sum, [kind, size]) => sum + (kind.test(password) ? size : 0), 0);
  const bits = freshCharacters(withoutCommon(password)) * Math.log2(pool || 1);
  return STEPS.filter((least) => bits >= least).length;
}

function adviceFor(password, score) {
  const missing = SHORTEST - [...password].length;
  if (missing > 0) return `还差 ${missing} 位`;
  if (withoutCommon(password) !== password.toLowerCase()) return "里面有很多人都用的词，请换掉";
  if (score < 2) return "再加长一些，或换成几个不相干的词";
  return "";
}

function show(place, password) {
  const score = [...password].length < SHORTEST ? 0 : scoreOf(password);
  const advice = adviceFor(password, score);
  place.hidden = password === "";
  place.dataset.score = score;
  place.textContent = `密码强度：${NAMES[score]}${advice ? `。${advice}。` : "。"}`;
}

document.querySelectorAll("[data-strength-of]").forEach((place) => {
  const box = document.getElementById(place.dataset.strengthOf);
  box.addEventListener("input", () => show(place, box.value));
  // On a slow line there may be something in the box before this file has come.
  show(place, box.value);
});
