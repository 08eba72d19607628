// The editor of a segment's rule: whom it means is asked a moment after each change, and what is wrong with a
// condition is said beside it.
import { Builder } from "./conditions.js";

const PAUSE = 400;
const form = document.querySelector("[data-rule-form]");
const preview = document.querySelector("[data-preview]");
const data = JSON.parse(document.querySelector("#rule-builder").textContent);
const builder = new Builder(form.querySelector("[data-tree]"), data);
let waiting;

const write = () => { form.elements.tree.value = JSON.stringify(builder.top.read() || {}); };

function mark(row, text) {
  const said = Object.assign(document.createElement("div"), { className: "condition-wrong text-danger", textContent: text });
  said.setAttribute("role", "alert");
  row.append(said);
  row.classList.add("is-wrong");
}

function unmark() {
  for (const said of form.querySelectorAll(".condition-wrong")) said.remove();
  for (const row of form.querySelectorAll(".is-wrong")) row.classList.remove("is-wrong");
}

function changed() {
  const before = form.elements.tree.value;
  write();
  unmark();
  clearTimeout(waiting);
  if (form.elements.tree.value !== before) waiting = setTimeout(() => htmx.trigger(preview, "rule-changed"), PAUSE);
}

for (const happened of ["input", "change", "conditions-changed"]) form.querySelector("[data-tree]").addEventListener(happened, changed);

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== preview) return;
  unmark();
  const wrong = preview.querySelector("[data-wrong]");
  if (!wrong || wrong.dataset.wrong === "") return;
  const row = builder.complete[Number(wrong.dataset.wrong)];
  if (row) mark(row, wrong.textContent);
});

// A condition that is not filled in would vanish without a word.
form.addEventListener("submit", (event) => {
  write();
  unmark();
  const unfinished = builder.incomplete;
  if (!unfinished.length) return;
  event.preventDefault();
  for (const row of unfinished) mark(row, data.words.empty);
  unfinished[0].querySelector("input, select")?.focus();
});

write();
