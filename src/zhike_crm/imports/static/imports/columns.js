// A column that feeds one of ours that customers have a place for becomes no field; without this script the server knows.
const show = (row) => {
  const own = row.querySelector("[data-own-field]");
  if (!own) return;
  const ours = row.querySelector("select");
  own.hidden = "placed" in ours.selectedOptions[0].dataset;
  const choice = own.querySelector("select");
  const label = own.querySelector("input");
  const isNew = choice && choice.value !== "" && !choice.value.startsWith("field:");
  if (label) label.hidden = !isNew;
  for (const hint of own.querySelectorAll("[data-personal]")) hint.hidden = !isNew;
};

for (const row of document.querySelectorAll("[data-own-fields] tbody tr")) {
  row.addEventListener("change", () => show(row));
  show(row);
}
