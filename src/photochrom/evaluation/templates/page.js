// Tables that sort by the column that is pressed; without this they are in the order they came in.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.querySelectorAll("thead th:not(.group)")];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falling = head.ariaSort === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.ariaSort = falling ? "descending" : "ascending";
      const key = (row) => row.cells[column].dataset.value;
      const rows = [...body.rows].sort((one, other) => {
        const [a, b] = [key(one), key(other)];
        return column ? a - b : a.localeCompare(b);
      });
      body.append(...(falling ? rows.reverse() : rows));
    });
  });
}
