// Sends a file with a progress bar. Without this script the form does the same, only without one.
const form = document.querySelector("[data-upload]");
const part = (name) => form.querySelector(`[data-upload-${name}]`);
const input = form.querySelector("input[type=file]");
const drop = form.querySelector("[data-drop]");

const size = (bytes) => `${(bytes / 1048576).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MB`;

function complain(text) {
  part("error").textContent = text;
  part("error").hidden = false;
  part("bar").hidden = true;
  form.querySelector("[type=submit]").disabled = false;
}

function chosen() {
  const file = input.files[0];
  part("name").textContent = file ? `${file.name} · ${size(file.size)}` : "";
  part("error").hidden = true;
  if (file && file.size > Number(form.dataset.limit)) complain(form.dataset.tooLarge);
}
input.addEventListener("change", chosen);

for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
}
drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("is-over");
  if (!event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  chosen();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const file = input.files[0];
  if (!file) return;
  if (file.size > Number(form.dataset.limit)) { complain(form.dataset.tooLarge); return; }
  const request = new XMLHttpRequest();
  request.open("POST", location.href);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  part("error").hidden = true;
  part("bar").hidden = false;
  form.querySelector("[type=submit]").disabled = true;
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const percent = Math.floor((100 * loaded) / total);
    part("part").style.width = `${percent}%`;
    part("part").setAttribute("aria-valuenow", String(percent));
    part("text").textContent = `${size(loaded)} / ${size(total)}`;
  });
  request.addEventListener("load", () => {
    if (request.response?.address) location.href = request.response.address;
    else complain(request.response?.error || (request.status === 413 ? form.dataset.tooLarge : form.dataset.broken));
  });
  request.addEventListener("error", () => complain(form.dataset.broken));
  request.send(new FormData(form));
});
