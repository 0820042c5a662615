/**
 * Times as test cases write them. The clock of a test is frozen: nothing here asks for the time.
 *
 * @module
 */
import { duration, seconds } from "../../policy/duration.ts";

/** The clock of a test that names no `now`: 2026-01-01T12:00:00Z. */
export const DEFAULT_NOW = "2026-01-01T12:00:00Z";

const RFC3339 =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/**
 * Seconds since the epoch of a date-time of RFC 3339 section 5.6 in whole seconds, or `null` for
 * anything else, days that no month has included.
 */
export function instant(text: string): number | null {
  const match = RFC3339.exec(text);
  if (match === null) return null;
  const [, local = "", sign, hours, minutes] = match;
  const milliseconds = Date.parse(`${local}Z`);
  // the built-in parser turns 30 February into 2 March
  if (
    Number.isNaN(milliseconds) ||
    new Date(milliseconds).toISOString() !== `${local}.000Z`
  ) return null;
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60;
  return milliseconds / 1000 - (sign === "-" ? -offset : offset);
}

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
