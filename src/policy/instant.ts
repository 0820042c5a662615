/**
 * Instants as policies and tests write them: date-times of RFC 3339 section 5.6 in whole seconds.
 *
 * @module
 */

/**
 * Days that no month has are not among them, so that an editor refuses what the parser refuses. The
 * first and the last year are written in UTC only: with an offset they may end outside of all years.
 */
export const INSTANT =
  /^(?!(?:0000|9999)-.*[+-][0-9]{2}:)(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$/;

/** Seconds since the epoch, or `null` for what is not such a date-time. */
export function instant(text: string): number | null {
  return INSTANT.test(text) ? Date.parse(text) / 1000 : null;
}

/** The same where it is known to be one; `NaN` for anything else. */
export function instantSeconds(text: string): number {
  return instant(text) ?? NaN;
}

/** The instant in UTC, which {@link instant} reads; what no calendar has, in seconds. */
export function instantText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime())
    ? `${seconds} s`
    : date.toISOString().replace(".000Z", "Z");
}
