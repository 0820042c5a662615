/**
 * What was measured against what was aimed at.
 *
 * @module
 */

export interface Aim {
  readonly what: string;
  readonly unit: "x" | "ms" | "MB" | "requests" | "count";
  readonly measured: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Machines that do other work as well are not a reason to fail. */
const NOISE = 1.25;

/** By more than a quarter. An aim without bounds is only shown. */
export function missed({ measured, atMost, atLeast }: Aim): boolean {
  return !Number.isFinite(measured) ||
    (atMost !== undefined && measured > atMost * NOISE) ||
    (atLeast !== undefined && measured < atLeast / NOISE);
}

export function table(aims: readonly Aim[]): string {
  const rows = aims.map((aim) => [
    aim.what,
    `${
      aim.measured.toFixed(
        { x: 2, ms: 1, MB: 1, requests: 0, count: 0 }[aim.unit],
      )
    } ${aim.unit}`,
    aim.atMost !== undefined
      ? `<= ${aim.atMost} ${aim.unit}`
      : aim.atLeast !== undefined
      ? `>= ${aim.atLeast} ${aim.unit}`
      : "",
    verdict(aim),
  ]);
  const all = [["what", "measured", "aim", ""], ...rows];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0))
  );
  return all.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")
      .trimEnd()
  ).join("\n") + "\n";
}

function verdict(aim: Aim): string {
  if (aim.atMost === undefined && aim.atLeast === undefined) return "";
  const met = aim.measured <= (aim.atMost ?? Infinity) &&
    aim.measured >= (aim.atLeast ?? -Infinity);
  return met ? "met" : missed(aim) ? "MISSED" : "missed by less than a quarter";
}
