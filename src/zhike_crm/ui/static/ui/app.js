// What every page has: the command palette, toasts, charts that are drawn when they come into the page.
import { drawCharts } from "./charts.js";

const $ = (selector, root = document) => root.querySelector(selector);

// -- toasts ----------------------------------------------------------------------------------------------------------
export function toast(text, { undo = "", label = "" } = {}) {
  const box = document.createElement("div");
  box.className = "toast show align-items-center";
  box.setAttribute("role", "status");
  const body = document.createElement("div");
  body.className = "toast-body d-flex align-items-center gap-3";
  body.append(Object.assign(document.createElement("span"), { textContent: text }));
  if (undo) {
    const button = Object.assign(document.createElement("button"), { className: "btn btn-sm", textContent: label });
    button.addEventListener("click", async () => {
      const answer = await send(undo);
      if (answer.ok) location.reload();
    });
    body.append(button);
  }
  box.append(body);
  $("#toasts").append(box);
  setTimeout(() => box.remove(), undo ? 15000 : 5000);
}

export function send(address, values = {}) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
  return ask(address, { method: "POST", headers, body: new URLSearchParams(values) });
}

// Who is signed out meanwhile is led to the page for signing in, which is no answer to any of our questions: the whole
// page goes there, and comes back as it is.
const isSignIn = (address) => {
  const { pathname, searchParams } = new URL(address, location.href);
  return pathname.startsWith("/accounts/") && searchParams.has("next");
};

export async function ask(address, options = {}) {
  const answer = await fetch(address, options);
  if (!answer.redirected || !isSignIn(answer.url)) return answer;
  location.reload();
  return new Promise(() => {});
}

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!isSignIn(detail.xhr.responseURL)) return;
  detail.shouldSwap = false;
  // A link leads on to where it led.
  if (detail.boosted) location.assign(detail.xhr.responseURL);
  else location.reload();
});

// -- the command palette ---------------------------------------------------------------------------------------------
const palette = $("#palette");
if (palette) {
  const input = $("input", palette);
  const found = $("#palette-found");
  let chosen = 0;
  let asked = 0;

  const open = () => { palette.showModal(); input.value = ""; search(); };
  const options = () => [...found.querySelectorAll("[role=option]")];
  const mark = (index) => {
    const all = options();
    chosen = Math.max(0, Math.min(index, all.length - 1));
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
    if (all[chosen]) {
      input.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    }
  };
  const search = async () => {
    const mine = ++asked;
    const answer = await ask(`${palette.dataset.source}?q=${encodeURIComponent(input.value)}`);
    if (mine !== asked || !answer.ok) return;
    found.innerHTML = await answer.text();
    mark(0);
  };
  let waiting;
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 120); });
  palette.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { mark(chosen + 1); event.preventDefault(); }
    if (event.key === "ArrowUp") { mark(chosen - 1); event.preventDefault(); }
    if (event.key === "Enter") { event.preventDefault(); options()[chosen]?.click(); }
    // A search field would only be emptied by the first Escape.
    if (event.key === "Escape") { event.preventDefault(); palette.close(); }
  });
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-palette]")) open(); });
}

// -- small habits ----------------------------------------------------------------------------------------------------
document.addEventListener("submit", (event) => {
  const question = event.target.dataset?.confirm;
  if (question && !confirm(question)) event.preventDefault();
}, true);

drawCharts(document);
document.addEventListener("htmx:afterSwap", (event) => drawCharts(event.detail.target.parentNode || document));
