/**
 * The times in claims, as dates.
 *
 * @module
 */

/** Claims that are times: RFC 7519 section 4.1, OpenID Connect Core sections 2 and 5.1. */
const TIMES = ["iat", "nbf", "exp", "auth_time", "updated_at"];

type Claims = Readonly<Record<string, unknown>> | null;

/** Each time with its date as ISO 8601; `null` beyond what a calendar holds. */
export function datesOf(claims: Claims): Record<string, string | null> {
  return Object.fromEntries(
    timesOf(claims).map(([name, seconds]) => [name, dateOf(seconds)]),
  );
}

/** A line for each; `now` is in seconds since the epoch. */
export function timeLines(claims: Claims, now: number): string[] {
  return timesOf(claims).map(([name, seconds]) =>
    `  ${name.padEnd(10)} ${dateOf(seconds) ?? "no date"}` +
    (dateOf(seconds) === null ? "" : `  ${relative(name, { seconds, now })}`)
  );
}

function timesOf(claims: Claims): [string, number][] {
  if (claims === null) return [];
  return TIMES.flatMap((name): [string, number][] => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    return typeof value === "number" ? [[name, value]] : [];
  });
}

/** A NumericDate (RFC 7519 section 2) as ISO 8601; `null` beyond what a calendar holds. */
export function dateOf(seconds: number): string | null {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime())
    ? null
    : date.toISOString().replace(".000Z", "Z");
}

function relative(
  name: string,
  { seconds, now }: { seconds: number; now: number },
): string {
  const distance = span(Math.abs(seconds - now));
  const past = seconds <= now;
  if (name === "exp") {
    return past ? `EXPIRED ${distance} ago` : `in ${distance}`;
  }
  return past ? `${distance} ago` : `IN THE FUTURE, in ${distance}`;
}

function span(seconds: number): string {
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]] as const;
  const [size, unit] = units.find(([size]) => seconds >= 2 * size) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit}`;
}
