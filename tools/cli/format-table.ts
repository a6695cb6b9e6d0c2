/** Rows under their titles, in columns as wide as they need; a row that lacks a value shows `-`. */
export function formatTable(
  titles: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): string {
  const texts = [titles, ...rows.map((row) => row.map((value) => String(value ?? "-")))];
  const widths = titles.map((_, i) => Math.max(...texts.map((row) => row[i]?.length ?? 0)));
  return texts
    .map((row) =>
      row
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
