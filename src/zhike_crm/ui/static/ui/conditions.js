// The builder of conditions: the tree in the page is the tree that is asked for. Lists have columns to choose from,
// rules of segments have events too. It says "conditions-changed" whenever a condition comes, goes or is another one.
const make = (tag, values = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), values);
  element.append(...children);
  return element;
};
const NUMERIC = ["number", "money", "age"];
const EVENT = "event:";
let lists = 0;

export class Builder {
  constructor(root, { columns, tests, tree, words, events = [], detail_tests: detailTests = [] }) {
    Object.assign(this, { root, columns, tests, words, events, detailTests });
    this.top = this.group(this.asGroup(tree), true);
    root.replaceChildren(this.top);
  }

  // The conditions that are filled in, in the order in which the server numbers them; and those that are not.
  get complete() { return this.rows.filter((row) => row.read()); }
  get incomplete() { return this.rows.filter((row) => !row.read()); }
  get rows() { return [...this.root.querySelectorAll(".condition")]; }

  changed() { this.root.dispatchEvent(new CustomEvent("conditions-changed", { bubbles: true })); }

  // {"not": {"any": […]}} is a group "none of these"; a single condition is a group of one.
  asGroup(tree) {
    if (tree.not && (tree.not.any || tree.not.all)) return { how: "none", members: tree.not.any || [tree.not] };
    if (tree.not) return { how: "none", members: [tree.not] };
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
    add.addEventListener("click", () => this.append(inside, this.condition({ column: this.columns[0].name })));
    const nest = make("button", { type: "button", className: "btn btn-sm", textContent: this.words.group });
    nest.addEventListener("click", () => this.append(inside, this.group({ how: "any", members: [{ column: this.columns[0].name }] })));
    box.append(head, inside, make("div", { className: "d-flex gap-2" }, add, nest));
    box.read = () => {
      const read = [...inside.children].map((child) => child.read()).filter(Boolean);
      if (!read.length) return null;
      return select.value === "none" ? { not: { any: read } } : { [select.value]: read };
    };
    return box;
  }

  // Who works with the keyboard goes on in what has come.
  append(inside, node) {
    inside.append(node);
    node.querySelector("select")?.focus();
    this.changed();
  }

  node(tree) {
    return tree.column || tree.event ? this.condition(tree) : this.group(this.asGroup(tree));
  }

  condition(tree) {
    const chooser = this.chooser(tree.event ? EVENT + tree.event : tree.column);
    const row = make("div", { className: "condition" });
    const rest = make("div", { className: "condition-rest" });
    row.append(chooser, rest, this.remover(row));
    const draw = (given) => {
      const event = chooser.value.startsWith(EVENT) && this.events.find((one) => EVENT + one.name === chooser.value);
      row.read = event ? this.event(rest, event, given) : this.column(rest, chooser.value, given);
    };
    chooser.addEventListener("change", () => draw({}));
    draw(tree);
    return row;
  }

  // What can be asked about: columns, and events below them where there are any.
  chooser(chosen) {
    const options = this.columns.map((column) => [column.name, column.label]);
    if (!this.events.length) return this.select(options, chosen, this.words.column);
    const select = this.select([], "", this.words.column);
    for (const [label, known] of [[this.words.columns, options], [this.words.events, this.events.map((one) => [EVENT + one.name, one.label])]]) {
      const group = make("optgroup", { label });
      for (const [code, text] of known) group.append(new Option(text, code, false, code === chosen));
      select.append(group);
    }
    return select;
  }

  // Draws the test and the value of a condition on a column, and returns what reads them.
  column(rest, name, given) {
    const known = this.columns.find((column) => column.name === name);
    const tests = this.select(this.tests[known.kind], given.test || this.tests[known.kind][0][0], this.words.test);
    let input = this.value(known, tests.value, given.value);
    tests.addEventListener("change", () => { const next = this.value(known, tests.value); input.replaceWith(next); input = next; });
    rest.replaceChildren(tests, input);
    return () => {
      const value = input.read();
      if (value === undefined) return null;
      return value === null ? { column: name, test: tests.value } : { column: name, test: tests.value, value };
    };
  }

  // Likewise of a condition on an event: how often, since when, and its details.
  event(rest, known, given) {
    const tests = this.select(known.tests, given.test || known.tests[0][0], this.words.test);
    const once = !known.dated;
    const number = this.input("number", given.value ?? (given.test ? "" : 1));
    const unit = make("span", { className: "text-nowrap" });
    const often = make("span", { className: "condition-part" }, number, unit);
    const days = this.input("number", given.within_days ?? 90);
    days.min = 1;
    const limit = make("span", { className: "condition-part" }, days, this.words.days);
    const period = this.select([["", this.words.ever], ["within", this.words.within]], given.within_days ? "within" : "", this.words.period);
    period.classList.add("w-auto");
    const details = make("div", { className: "condition-details" });
    const add = make("button", { type: "button", className: "btn btn-sm btn-ghost-secondary", textContent: this.words.detail });
    add.addEventListener("click", () => { this.append(details, this.detail(known, {})); });
    for (const one of given.where || []) details.append(this.detail(known, one));
    // What a customer file says has to say something.
    if (once && !details.children.length) details.append(this.detail(known, {}));
    const draw = () => {
      often.hidden = once || tests.value === "none";
      unit.textContent = tests.value === "amount_at_least" ? this.words.money : this.words.times;
      limit.hidden = !period.value;
    };
    tests.addEventListener("change", draw);
    period.addEventListener("change", draw);
    draw();
    rest.replaceChildren(tests, often, ...(known.dated ? [period, limit] : []), details, add);
    return () => {
      const where = [...details.children].map((child) => child.read());
      const short = (!often.hidden && number.value === "") || (!limit.hidden && days.value === "");
      if (short || where.includes(null) || (once && !where.length)) return null;
      const read = { event: known.name, test: tests.value, where };
      if (tests.value !== "none") read.value = once ? 1 : Number(number.value);
      if (known.dated && period.value) read.within_days = Number(days.value);
      return read;
    };
  }

  detail(known, given) {
    const which = this.select(known.details, given.detail, this.words.which);
    const test = this.select(this.detailTests, given.test || "contains", this.words.test);
    const value = this.input("text", given.value);
    const usual = make("datalist", { id: `usual-${++lists}` });
    value.setAttribute("list", usual.id);
    value.maxLength = 200;
    const box = make("div", { className: "condition-detail" }, which, test, value, usual);
    const suggest = () => usual.replaceChildren(...(known.usual[which.value] || []).map((text) => make("option", { value: text })));
    which.addEventListener("change", suggest);
    suggest();
    box.append(this.remover(box));
    box.read = () => (value.value.trim() ? { detail: which.value, test: test.value, value: value.value.trim() } : null);
    return box;
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
    box.read = () => (input.value === "" ? undefined : NUMERIC.includes(column.kind) || days ? Number(input.value) : input.value);
    return box;
  }

  pair(column, given) {
    const [low, high] = [this.input(column.kind, given[0]), this.input(column.kind, given[1])];
    const box = make("div", { className: "d-flex gap-2 align-items-center" }, low, this.words.and, high);
    const read = (input) => (NUMERIC.includes(column.kind) ? Number(input.value) : input.value);
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
    const type = { number: "number", money: "number", age: "number", date: "date", moment: "date" }[kind] || "text";
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
    button.addEventListener("click", () => {
      const next = element.nextElementSibling || element.previousElementSibling || element.parentElement.closest(".condition, .condition-group");
      element.remove();
      next?.querySelector("select, button")?.focus();
      this.changed();
    });
    return button;
  }
}
