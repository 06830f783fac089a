
"use strict";
// The page is complete without this: it only adds sorting by column and a filter.
const table = document.getElementById("scores");
const body = table.tBodies[0];
const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();

function sortBy(header, column) {
  const numeric = header.dataset.kind === "number";
  // Points are looked at from the top first, names from A.
  const first = numeric ? "descending" : "ascending";
  const other = numeric ? "ascending" : "descending";
  const direction = header.getAttribute("aria-sort") === first ? other : first;
  const sign = direction === "ascending" ? 1 : -1;
  const compare = (a, b) => {
    const [left, right] = [key(a, column), key(b, column)];
    // What has no value goes last, whichever way.
    if (left === "" || right === "") return (left === "") - (right === "");
    return sign * (numeric ? left - right : left.localeCompare(right));
  };
  for (const one of table.tHead.rows[0].cells) one.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", direction);
  body.append(...Array.from(body.rows).sort(compare));
}

[...table.tHead.rows[0].cells].forEach((header, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(header.firstChild);
  header.prepend(button);
  button.addEventListener("click", () => sortBy(header, column));
});

const label = document.createElement("label");
const input = document.createElement("input");
const count = document.createElement("output");
input.type = "search";
label.className = "filter";
label.append("Show only rows with", input, count);
input.addEventListener("input", () => {
  const wanted = input.value.trim().toLowerCase();
  for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  const shown = [...body.rows].filter((row) => !row.hidden).length;
  count.textContent = wanted ? `${shown} of ${body.rows.length}` : "";
});
table.closest(".wide").before(label);
