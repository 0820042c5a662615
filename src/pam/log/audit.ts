/**
 * The record of one attempt: what the log line and the audit file say.
 *
 * @module
 */
import {
  ensurePrivateDirectory,
  isOwnFile,
} from "../../files/private_directory.ts";
import { sha256Hex } from "../../files/state_directory.ts";
import { type AuditRecord, HASH_DIGITS } from "../../lib/audit_record.ts";
import { isAccountName } from "../../policy/account_name.ts";
import type { PamIo } from "../io.ts";
import { sendToSyslog, type Severity } from "./syslog.ts";

export type { AuditRecord } from "../../lib/audit_record.ts";

/**
 * Longest value of a field as it is written, in characters; details may be longer. Whatever the
 * values, a datagram stays below the 1024 bytes of RFC 3164 section 4.1.
 */
const MAX_FIELD = 64;
const MAX_DETAIL = 200;

/** A hash for the log, `null` where there is nothing to hash. */
export async function loggedHash(value: unknown): Promise<string | null> {
  return typeof value === "string"
    ? (await sha256Hex(value)).slice(0, HASH_DIGITS)
    : null;
}

/** The log line: `key=value` with quoted and escaped values. Never more than one line. */
export function logLine(record: AuditRecord): string {
  const user = record.user ?? "";
  // of a full name, whose domain is at its end, nothing is left out: what tells why becomes shorter
  const more = isAccountName(user, "relaxed")
    ? Math.max(0, user.length + 3 - MAX_FIELD)
    : 0;
  const limit = (key: string) =>
    key === "user"
      ? MAX_FIELD + more
      : key === "detail" || key === "warning"
      ? MAX_DETAIL - more / 2
      : MAX_FIELD;
  return Object.entries(record)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${quoted(String(value), limit(key))}`)
    .join(" ");
}

/**
 * Plain values stand as they are, others as a quoted string in which everything but printable
 * ASCII is escaped: a name cannot forge a field, a line or a terminal sequence. What would take
 * more than `limit` characters ends in "...".
 */
export function quoted(value: string, limit: number): string {
  if (value.length <= limit && /^[A-Za-z0-9_.:@/+-]+$/.test(value)) {
    return value;
  }
  let escaped = "";
  let whole = 0; // where to cut, so that no escape is cut in two
  // code units, not characters: a lone surrogate is escaped like any other
  for (let index = 0; index < value.length; index++) {
    const unit = value.charAt(index);
    escaped += /[\\"]/.test(unit) ? `\\${unit}` : escapedUnit(unit);
    if (escaped.length > limit) return `"${escaped.slice(0, whole)}..."`;
    if (escaped.length <= limit - 3) whole = escaped.length;
  }
  return `"${escaped}"`;
}

function escapedUnit(unit: string): string {
  return /[\x20-\x7e]/.test(unit)
    ? unit
    : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

interface LogTarget {
  readonly socket: string;
  readonly cacheDirectory: string;
  /** False where no policy could be read, and these are the places of a usual one. */
  readonly fromPolicy: boolean;
  readonly auditFile: string | null;
  /** Members of the audit record beside those of the log line. */
  readonly auditOnly?: Readonly<Record<string, unknown>>;
}

/**
 * Writes the record wherever it belongs. Never throws: a log that cannot be written must not
 * decide who gets in. Where there is no syslog, the line goes to standard error.
 */
export async function writeRecord(
  record: AuditRecord,
  target: LogTarget,
  io: PamIo,
): Promise<void> {
  const line = logLine(record);
  try {
    await sendToSyslog(line, {
      socket: target.socket,
      directory: target.cacheDirectory,
      createDirectory: target.fromPolicy,
      severity: severityOf(record),
      now: io.now(),
      wait: io.within,
    });
  } catch {
    await io.stderr(`oauth-pam: ${line}\n`);
  }
  if (target.auditFile === null) return;
  try {
    await appendAudit(target.auditFile, {
      time: new Date(io.now()).toISOString(),
      ...record,
      ...target.auditOnly,
    });
  } catch {
    await io.stderr(
      `oauth-pam: the audit file ${
        quoted(target.auditFile, 200)
      } cannot be written\n`,
    );
  }
}

function severityOf({ decision, reason, warning }: AuditRecord): Severity {
  if (
    reason === "internal_error" || reason === "policy_invalid" ||
    reason === "issuer_refused"
  ) return "err";
  if (reason === "issuer_unavailable" || warning !== null) return "warning";
  return decision === "allow" ? "info" : "notice";
}

/**
 * Appends one line of JSON in one write, so that lines of concurrent logins do not mix. Writes
 * through no link, and to no file that others may have prepared or may read.
 */
async function appendAudit(path: string, entry: unknown): Promise<void> {
  await ensurePrivateDirectory(path.slice(0, path.lastIndexOf("/")));
  const found = await Deno.lstat(path).catch(() => null);
  if (found !== null && !isOwnFile(found)) {
    throw new Error("not a private file");
  }
  using file = await Deno.open(path, {
    append: true,
    create: true,
    mode: 0o600,
  });
  const json = JSON.stringify(entry).replace(/[\x7f-\uffff]/g, escapedUnit);
  const line = new TextEncoder().encode(`${json}\n`);
  if (await file.write(line) !== line.length) throw new Error("disk full");
}
