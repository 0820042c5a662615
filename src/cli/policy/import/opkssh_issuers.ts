/**
 * The providers of an opkssh server as the issuers of a policy.
 *
 * @module
 */
import { GQ_AUDIENCE } from "../../../token/pk_binding.ts";
import { addTo } from "../../../lib/multimap.ts";
import type {
  FileRemark,
  Lifetime,
  ProviderRow,
  Remarks,
} from "./opkssh_files.ts";

export interface ImportedIssuer {
  readonly name: string;
  readonly url: string;
  readonly document: Record<string, unknown>;
  /** Claims that are lists, as rules turn out to need it. */
  readonly lists: Set<string>;
}

const GITHUB_ACTIONS = /^https:\/\/token\.actions\.githubusercontent\.com\/?$/;

/** One for each URL. Their lists of claims grow as rules turn out to need it. */
export function issuersOf(
  rows: readonly ProviderRow[],
  remarks: Remarks,
): Map<string, ImportedIssuer> {
  const byUrl = new Map<string, ProviderRow[]>();
  for (const row of rows) addTo(byUrl, row.issuer, row);
  const names = new Set<string>();
  const issuers = new Map<string, ImportedIssuer>();
  for (const [url, same] of byUrl) {
    const [first, ...others] = same;
    if (first === undefined) continue;
    const say = (
      level: FileRemark["level"],
      message: string,
      line = first.line,
    ) => remarks.say("providers", line, level, message);
    if (same.some(({ expires }) => expires === "never")) {
      say(
        "warning",
        '"never" becomes 7d: a certificate that serves for ever could not be called back',
        same.find(({ expires }) => expires === "never")?.line,
      );
    }
    const { lifetime, limit } = shortest(same);
    if (others.some((row) => row.expires !== first.expires)) {
      say(
        "warning",
        `the issuer ${
          JSON.stringify(url)
        } is there with several expirations: for all of its clients the shortest holds`,
        others[0]?.line,
      );
    }
    if (lifetime.lifetime === "token") {
      say(
        "info",
        'a token serves until it expires, and at most for "max_token_age", 24h where nothing is said',
      );
    }
    const audiences = [...new Set(same.map(({ clientId }) => clientId))];
    const commitment = GITHUB_ACTIONS.test(url)
      ? "aud"
      : audiences.every((each) => each.startsWith(GQ_AUDIENCE))
      ? "gq"
      : "nonce";
    if (commitment === "nonce") {
      say(
        "info",
        "of each issuer one kind of certificates is taken, those of people who sign in (the commitment is the nonce); those of CI jobs of the same issuer are refused",
      );
    }
    say(
      "info",
      'only signatures with RS256 are accepted: where an issuer uses another algorithm, name it in "algorithms"',
    );
    const name = nameOf(new URL(url).hostname, names);
    issuers.set(url, {
      name,
      url,
      lists: new Set(),
      document: {
        issuer: url,
        audiences,
        ...limit,
        ssh_certificates: { commitment, ...lifetime },
      },
    });
  }
  return issuers;
}

const HOURS: Readonly<Record<string, number>> = {
  "12h": 12,
  "24h": 24,
  "48h": 48,
  "7d": 168,
};

/** What is no longer than any of the expirations, whatever the tokens say themselves. */
function shortest(rows: readonly ProviderRow[]): {
  lifetime: Lifetime;
  limit: { max_token_age?: string };
} {
  const [first, ...others] = rows.flatMap(({ lifetime: { lifetime } }) =>
    Object.hasOwn(HOURS, lifetime) ? [lifetime] : []
  );
  const fixed = first === undefined ? null : others.reduce(
    (best, one) => (HOURS[one] ?? 0) < (HOURS[best] ?? 0) ? one : best,
    first,
  );
  const refreshed = rows.every(({ lifetime }) => lifetime.refreshed);
  return rows.every(({ lifetime }) => lifetime.lifetime !== "token")
    ? { lifetime: { lifetime: fixed ?? "12h", refreshed }, limit: {} }
    : {
      lifetime: { lifetime: "token", refreshed },
      limit: fixed === null ? {} : { max_token_age: fixed },
    };
}

/** A name that no other one has, of the characters that names may have. */
export function nameOf(text: string, taken: Set<string>): string {
  const plain = text.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^-+|-+$/g, "");
  const base = (/^[A-Za-z_]/.test(plain) ? plain : `_${plain}`).slice(0, 56);
  let name = base;
  for (let count = 2; taken.has(name); count++) name = `${base}-${count}`;
  taken.add(name);
  return name;
}
