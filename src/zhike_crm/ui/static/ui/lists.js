// Lists: the builder of conditions, the chooser of columns, bulk actions. The list itself is drawn by the server.
import { send, toast } from "./app.js";

const $ = (selector, root = document) => root.querySelector(selector);
const make = (tag, values = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), values);
  element.append(...children);
  return element;
};

const list = () => $("[data-list]");
const builder = () => JSON.parse($("#list-builder").textContent);

function ask(changes) {
  const form = $("[data-list-form]");
  for (const [name, value] of Object.entries(changes)) form.elements[name].value = value;
  form.requestSubmit();
}

// -- conditions: the tree in the page is the tree that is asked for ----------------------------------------------------
class Builder {
  constructor(root, { columns, tests, tree, words }) {
    Object.assign(this, { columns, tests, words });
    this.top = this.group(this.asGroup(tree), true);
    root.replaceChildren(this.top);
  }

  // {"not": {"any": […]}} is a group "none of these"; a single condition is a group of one.
  asGroup(tree) {
    if (tree.not && (tree.not.any || tree.not.all)) return { how: "none", members: tree.not.any || [tree.not] };
    if (tree.any) return { how: "any", members: tree.any };
    if (tree.all) return { how: "all", members: tree.all };
    return { how: "all", members: Object.keys(tree).length ? [tree] : [{ column: this.columns[1].name }] };
  }

  group({ how, members }, isTop = false) {
    const select = this.select(["all", "any", "none"].map((name) => [name, this.words[name]]), how, this.words.match);
    select.classList.add("w-auto");
    const inside = make("div", { className: "condition-members" });
    const box = make("div", { className: "condition-group" });
    const head = make("div", { className: "d-flex gap-2 align-items-center" }, make("span", { textContent: this.words.match }), select);
    if (!isTop) head.append(this.remover(box));
    for (const member of members) inside.append(this.node(member));
    const add = make("button", { type: "button", className: "btn btn-sm", textContent: this.words.condition });
    add.addEventListener("click", () => inside.append(this.condition({ column: this.columns[0].name })));
    const nest = make("button", { type: "button", className: "btn btn-sm", textContent: this.words.group });
    nest.addEventListener("click", () => inside.append(this.group({ how: "any", members: [{ column: this.columns[0].name }] })));
    box.append(head, inside, make("div", { className: "d-flex gap-2" }, add, nest));
    box.read = () => {
      const read = [...inside.children].map((child) => child.read()).filter(Boolean);
      if (!read.length) return null;
      return select.value === "none" ? { not: { any: read } } : { [select.value]: read };
    };
    return box;
  }

  node(tree) {
    return tree.column ? this.condition(tree) : this.group(this.asGroup(tree));
  }

  condition(tree) {
    const column = this.select(this.columns.map((c) => [c.name, c.label]), tree.column, this.words.column);
    const row = make("div", { className: "condition" });
    const rest = make("div", { className: "condition-rest" });
    row.append(column, rest, this.remover(row));
    const draw = (test, value) => {
      const known = this.columns.find((c) => c.name === column.value);
      const tests = this.select(this.tests[known.kind], test || this.tests[known.kind][0][0], this.words.test);
      let input = this.value(known, tests.value, value);
      tests.addEventListener("change", () => { const next = this.value(known, tests.value); input.replaceWith(next); input = next; });
      rest.replaceChildren(tests, input);
      row.read = () => {
        const given = input.read();
        if (given === undefined) return null;
        return given === null ? { column: column.value, test: tests.value } : { column: column.value, test: tests.value, value: given };
      };
    };
    column.addEventListener("change", () => draw());
    draw(tree.test, tree.value);
    return row;
  }

  // An element with read(): the value, null where the test needs none, undefined where it is not filled in.
  value(column, test, given) {
    if (["empty", "filled", "yes", "no"].includes(test)) return Object.assign(make("span"), { read: () => null });
    if (["any_of", "none_of"].includes(test) && column.choices.length) return this.choices(column, given || []);
    if (test === "between") return this.pair(column, given || []);
    const days = test.endsWith("_days");
    const input = this.input(days ? "number" : column.kind, given);
    const box = make("div", { className: "d-flex gap-2 align-items-center" }, input);
    if (days) box.append(this.words.days);
    box.read = () => (input.value === "" ? undefined : ["number", "money"].includes(column.kind) || days ? Number(input.value) : input.value);
    return box;
  }

  pair(column, given) {
    const [low, high] = [this.input(column.kind, given[0]), this.input(column.kind, given[1])];
    const box = make("div", { className: "d-flex gap-2 align-items-center" }, low, this.words.and, high);
    const read = (input) => (["number", "money"].includes(column.kind) ? Number(input.value) : input.value);
    box.read = () => (low.value === "" || high.value === "" ? undefined : [read(low), read(high)]);
    return box;
  }

  choices(column, given) {
    const box = make("div", { className: "condition-choices" });
    for (const [code, label] of column.choices) {
      const tick = make("input", { type: "checkbox", className: "form-check-input", value: code, checked: given.map(String).includes(code) });
      box.append(make("label", { className: "form-check" }, tick, make("span", { className: "form-check-label", textContent: label })));
    }
    box.read = () => {
      const ticked = [...box.querySelectorAll(":checked")].map((tick) => tick.value);
      return ticked.length ? ticked : undefined;
    };
    return box;
  }

  input(kind, value) {
    const type = { number: "number", money: "number", date: "date", moment: "date" }[kind] || "text";
    const input = make("input", { type, className: "form-control", value: value ?? "" });
    if (type === "number") input.step = "any";
    input.setAttribute("aria-label", this.words.value);
    return input;
  }

  select(options, value, label) {
    const select = make("select", { className: "form-select" });
    for (const [code, text] of options) select.append(new Option(text, code, false, code === value));
    select.setAttribute("aria-label", label);
    return select;
  }

  remover(element) {
    const button = make("button", { type: "button", className: "btn-close condition-remove" });
    button.setAttribute("aria-label", this.words.remove);
    button.addEventListener("click", () => element.remove());
    return button;
  }
}

let current = null;
document.addEventListener("click", (event) => {
  const on = (name) => event.target.closest(`[data-${name}]`);
  const drawer = $("[data-conditions]");
  if (on("open-conditions")) {
    current = new Builder($("[data-tree]"), builder());
    drawer.showModal();
  } else if (on("apply-conditions")) {
    const tree = current.top.read();
    drawer.close();
    ask({ where: tree ? JSON.stringify(tree) : "{}" });
  } else if (on("clear-conditions")) {
    drawer.close();
    ask({ where: "{}" });
  } else if (on("apply-columns")) {
    const ticked = [...document.querySelectorAll("[data-columns] :checked")].map((tick) => tick.value);
    ask({ columns: ticked.join(",") });
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
export { Builder, list };
