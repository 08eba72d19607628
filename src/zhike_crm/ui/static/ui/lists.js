// Lists: the builder of conditions, the chooser of columns, bulk actions. The list itself is drawn by the server.
import { ask, send, toast } from "./app.js";
import { Builder } from "./conditions.js";

const $ = (selector, root = document) => root.querySelector(selector);

function show(changes) {
  const form = $("[data-list-form]");
  for (const [name, value] of Object.entries(changes)) form.elements[name].value = value;
  form.requestSubmit();
}

// -- conditions ---------------------------------------------------------------------------------------------------------
let current = null;

// What there is to choose from is asked for by those only who open the drawer: it is longer than a page of the list.
async function openConditions(drawer) {
  const answer = await ask(drawer.dataset.source);
  if (!answer.ok) { toast(answer.statusText); return; }
  const tree = JSON.parse($("[data-list-form]").elements.where.value || "{}");
  current = new Builder($("[data-tree]"), { ...await answer.json(), tree });
  if (!drawer.open) drawer.showModal();
}

document.addEventListener("click", (event) => {
  const on = (name) => event.target.closest(`[data-${name}]`);
  const drawer = $("[data-conditions]");
  if (on("open-conditions")) {
    openConditions(drawer);
  } else if (on("apply-conditions")) {
    const tree = current.top.read();
    drawer.close();
    show({ where: tree ? JSON.stringify(tree) : "{}" });
  } else if (on("clear-conditions")) {
    drawer.close();
    show({ where: "{}" });
  } else if (on("apply-columns")) {
    const ticked = [...document.querySelectorAll("[data-columns] :checked")].map((tick) => tick.value);
    show({ columns: ticked.join(",") });
  } else if (on("bulk-action")) {
    bulk(on("bulk-action"));
  } else if (on("bulk-all")) {
    everything = true;
    count();
  }
});

// -- bulk actions ------------------------------------------------------------------------------------------------------
let everything = false;
const ticks = () => [...document.querySelectorAll("[data-tick]")];
const ticked = () => ticks().filter((tick) => tick.checked);

function count() {
  const form = $("[data-bulk]");
  if (!form) return;
  form.hidden = !ticked().length;
  $("[data-bulk-count]").textContent = everything ? $(".list-total").textContent.trim() : ticked().length;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) ticks().forEach((tick) => { tick.checked = event.target.checked; });
  if (event.target.matches("[data-tick], [data-tick-all]")) { everything = false; count(); }
});

async function bulk(button) {
  if (button.dataset.confirm && !confirm(button.dataset.confirm)) return;
  const form = $("[data-bulk]");
  const values = new URLSearchParams(new FormData(form));
  values.set("action", button.dataset.bulkAction);
  const typed = button.parentElement.querySelector("[data-bulk-value]");
  values.set("value", typed ? typed.value : button.dataset.value || "");
  if (everything) values.set("all", "1");
  else ticked().forEach((tick) => values.append("id", tick.value));
  const answer = await send(form.action, values);
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) { toast(said.error || answer.statusText); return; }
  await htmx.ajax("GET", location.href, { target: "#list", select: "#list", swap: "outerHTML" });
  toast(said.said, { undo: said.undo, label: said.undo_label });
}

document.addEventListener("htmx:afterSwap", () => { everything = false; count(); });
