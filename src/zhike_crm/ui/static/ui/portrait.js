// The portrait: which kinds of event the timeline shows, and mentions in notes.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-kind]");
  if (!button) return;
  const shown = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(shown));
  filter();
});

function filter() {
  const hidden = new Set([...document.querySelectorAll('[data-kind][aria-pressed="false"]')].map((one) => one.dataset.kind));
  document.querySelectorAll("[data-event]").forEach((line) => { line.hidden = hidden.has(line.dataset.event); });
}
// Older events come under the same choice.
document.addEventListener("htmx:afterSettle", filter);

// Typing @ offers the colleagues; choosing one writes @[name](id), which the page shows as @name.
const note = document.getElementById("note");
if (note) {
  const people = JSON.parse(note.dataset.mentions);
  const menu = Object.assign(document.createElement("div"), { className: "dropdown-menu show mention-menu", hidden: true });
  note.after(menu);
  note.addEventListener("input", () => {
    const typed = /@([^@\[\]\n]{0,30})$/.exec(note.value.slice(0, note.selectionStart));
    menu.replaceChildren();
    menu.hidden = !typed;
    if (!typed) return;
    for (const [id, name] of people.filter(([, name]) => name.toLowerCase().includes(typed[1].toLowerCase())).slice(0, 6)) {
      const line = Object.assign(document.createElement("button"), { type: "button", className: "dropdown-item", textContent: name });
      line.addEventListener("click", () => {
        const end = note.selectionStart;
        note.setRangeText(`@[${name}](${id}) `, end - typed[0].length, end, "end");
        menu.hidden = true;
        note.focus();
      });
      menu.append(line);
    }
    menu.hidden = !menu.children.length;
  });
}
