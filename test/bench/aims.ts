/**
 * What was measured against what was aimed at.
 *
 * @module
 */
import { textTable } from "./text_table.ts";

export interface Aim {
  readonly what: string;
  readonly unit: "x" | "ms" | "MB" | "requests" | "connections" | "count";
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
  return textTable([
    ["what", "measured", "aim", ""],
    ...aims.map((aim) => [
      aim.what,
      amount(aim.measured, aim.unit),
      aim.atMost !== undefined
        ? `<= ${named(aim.atMost, aim.unit)}`
        : aim.atLeast !== undefined
        ? `>= ${named(aim.atLeast, aim.unit)}`
        : "",
      verdict(aim),
    ]),
  ]);
}

function amount(measured: number, unit: Aim["unit"]): string {
  const digits =
    { x: 2, ms: 1, MB: 1, requests: 0, connections: 0, count: 0 }[unit];
  return named(measured.toFixed(digits), unit);
}

function named(value: number | string, unit: Aim["unit"]): string {
  return unit === "count" ? String(value) : `${value} ${unit}`;
}

/** `met`, or `missed` and by how much; nothing where no bound is set. */
export function verdict({ measured, atMost, atLeast }: Aim): string {
  if (atMost === undefined && atLeast === undefined) return "";
  if (!Number.isFinite(measured)) return "missed: nothing was measured";
  if (measured <= (atMost ?? Infinity) && measured >= (atLeast ?? -Infinity)) {
    return "met";
  }
  const bound = atMost !== undefined && measured > atMost
    ? atMost
    : atLeast ?? NaN;
  if (bound === 0) return "missed";
  const share = Math.abs(measured - bound) / Math.abs(bound) * 100;
  return share < 0.5
    ? "missed by less than 1 %"
    : `missed by ${share.toFixed(0)} %`;
}
