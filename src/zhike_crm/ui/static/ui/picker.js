// A field in which one of very many customers is picked: typing asks the server, choosing keeps the id.
import { ask } from "./app.js";

const make = (tag, values) => Object.assign(document.createElement(tag), values);

class Picker {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector("[role=combobox]");
    this.hidden = root.querySelector("[data-picked]");
    this.menu = root.querySelector("[role=listbox]");
    this.input.addEventListener("input", () => this.ask());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 200));
    this.menu.addEventListener("mousedown", (event) => {
      const line = event.target.closest("[data-id]");
      if (line) { event.preventDefault(); this.pick(line); }
    });
  }

  ask() {
    // What is typed over is no longer who was picked.
    this.hidden.value = "";
    clearTimeout(this.timer);
    const words = this.input.value.trim();
    if (!words) { this.close(); return; }
    this.timer = setTimeout(async () => {
      const answer = await ask(`${this.root.dataset.picker}&q=${encodeURIComponent(words)}`);
      if (answer.ok && words === this.input.value.trim()) this.show(await answer.json());
    }, 180);
  }

  show({ found, nothing }) {
    this.menu.replaceChildren(...found.map(([id, name, hint], number) => {
      const line = make("div", { className: "dropdown-item", id: `${this.menu.id}_${number}`, textContent: name });
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      line.dataset.id = id;
      line.dataset.name = name;
      if (hint) line.append(make("small", { className: "text-secondary ms-2", textContent: hint }));
      return line;
    }));
    if (!found.length) this.menu.append(make("div", { className: "dropdown-item disabled", textContent: nothing }));
    this.menu.classList.add("show");
    this.input.setAttribute("aria-expanded", "true");
  }

  key(event) {
    const lines = [...this.menu.querySelectorAll("[data-id]")];
    const at = lines.findIndex((line) => line.getAttribute("aria-selected") === "true");
    if (event.key === "Escape" && this.menu.classList.contains("show")) { event.stopPropagation(); this.close(); }
    if (event.key === "Enter" && lines.length && this.menu.classList.contains("show")) { event.preventDefault(); this.pick(lines[Math.max(at, 0)]); }
    if (!["ArrowDown", "ArrowUp"].includes(event.key) || !lines.length) return;
    event.preventDefault();
    const next = (at + (event.key === "ArrowDown" ? 1 : -1) + lines.length) % lines.length;
    lines.forEach((line, number) => { line.setAttribute("aria-selected", String(number === next)); line.classList.toggle("active", number === next); });
    this.input.setAttribute("aria-activedescendant", lines[next].id);
  }

  pick(line) {
    this.hidden.value = line.dataset.id;
    this.input.value = line.dataset.name;
    this.close();
    // The address ends with 0 where the id belongs.
    if (this.root.dataset.then) location.href = this.root.dataset.then.replace(/0$/, line.dataset.id);
  }

  close() {
    this.menu.classList.remove("show");
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

document.querySelectorAll("[data-picker]").forEach((root) => new Picker(root));
