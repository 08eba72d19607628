// Defining a custom field: options belong to choices alone, and there can always be one more.
const form = document.querySelector("[data-field-form]");
const options = form.querySelector("[data-options]");
const kind = form.elements.kind;

if (kind) {
  const show = () => { options.hidden = !["choice", "choices"].includes(kind.value); };
  kind.addEventListener("change", show);
  show();
}
form.querySelector("[data-add-option]").addEventListener("click", () => {
  const lines = form.querySelector("[data-option-lines]");
  const line = lines.lastElementChild.cloneNode(true);
  line.querySelectorAll("input").forEach((input) => { input.value = ""; });
  lines.append(line);
  line.querySelector("[name=option_label]").focus();
});
