/**
 * Times as test cases write them. The clock of a test is frozen: nothing here asks for the time.
 *
 * @module
 */
import { duration, seconds } from "../../policy/duration.ts";

/** The clock of a test that names no `now`: 2026-01-01T12:00:00Z. */
export const DEFAULT_NOW = "2026-01-01T12:00:00Z";

/** Whether the text is meant as a time relative to `now`, well formed or not. */
export function isRelative(text: string): boolean {
  return /^now(?![a-z0-9])/i.test(text);
}

/** Seconds since the epoch of `now`, `now-5m` or `now+1h`; `null` for anything else. */
export function relativeTime(text: string, now: number): number | null {
  if (text === "now") return now;
  const match = /^now([+-])([0-9]{1,9}[smhd])$/.exec(text);
  if (match === null) return null;
  const distance = seconds(match[2] ?? "");
  return match[1] === "-" ? now - distance : now + distance;
}

/** The way to write a time relative to `now`: the inverse of {@link relativeTime}. */
export function writtenTime(time: number, now: number): string {
  if (time === now) return "now";
  return time < now
    ? `now-${duration(now - time)}`
    : `now+${duration(time - now)}`;
}
