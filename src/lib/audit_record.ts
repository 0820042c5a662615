/**
 * The record of one attempt, for those who write it, those who read it and the reference: which
 * members there are, of what type, and what they mean. The log line has those of a record in their order,
 * the audit file the same as one line of JSON.
 *
 * @module
 */
import type { Reason } from "./reason.ts";

/** Hexadecimal digits of a hash in a record: enough to tell values apart. */
export const HASH_DIGITS = 16;

/** Members in the order of the log line. Absent ones are `null` and left out there. */
export interface AuditRecord {
  readonly decision: "allow" | "deny";
  readonly reason: Reason;
  readonly user: string | null;
  readonly service: string | null;
  readonly rhost: string | null;
  /** Left out for a token; a certificate is offered, and sshd admits. */
  readonly method?: "certificate";
  /** The fingerprint of its key. */
  readonly key?: string;
  readonly phase?: "offered";
  readonly issuer: string | null;
  readonly sub: string | null;
  readonly jti_sha256: string | null;
  readonly rule: string | null;
  readonly policy_sha256: string | null;
  readonly ms: number;
  /** What the person was told of a refusal (`pam/device/reference.ts`). */
  readonly ref?: string;
  readonly warning: string | null;
  readonly detail: string | null;
}

/** A line of the audit file. */
export interface AuditLine extends AuditRecord {
  readonly time: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * More characters than a line of the audit file has, whatever the token: claims may come from an answer
 * of 1 MiB, and each byte of that may be written as six characters.
 */
export const MAX_AUDIT_CHARACTERS = 8 * 1024 * 1024;

interface FieldRow {
  readonly type: "text" | "number" | "object";
  /** How a record says that there is none: it always has one, or it is `null`, or it is left out. */
  readonly absent: "never" | "null" | "left out";
  /** The audit file alone has it. */
  readonly fileOnly?: true;
  readonly says: string;
}

/** Every member of a line of the audit file, in its order. */
export const AUDIT_FIELDS: Readonly<Record<keyof AuditLine, FieldRow>> = {
  time: {
    type: "text",
    absent: "never",
    fileOnly: true,
    says:
      "when the attempt ended: RFC 3339, in UTC, with milliseconds; syslog has a time of its own",
  },
  decision: {
    type: "text",
    absent: "never",
    says: "`allow` or `deny`",
  },
  reason: {
    type: "text",
    absent: "never",
    says: "why: one of the closed set of reasons; with `allow` it is `allowed`",
  },
  user: {
    type: "text",
    absent: "null",
    says: "the account that was asked for, as PAM or sshd named it",
  },
  service: {
    type: "text",
    absent: "null",
    says: "the PAM service, such as `sshd` or `sudo`",
  },
  rhost: {
    type: "text",
    absent: "null",
    says: "the address from which somebody came; empty or none for local ones",
  },
  method: {
    type: "text",
    absent: "left out",
    says:
      "`certificate` where an SSH certificate was shown; with a token it is left out",
  },
  key: {
    type: "text",
    absent: "left out",
    says:
      "the fingerprint of the certificate's key, as sshd's own lines have it",
  },
  phase: {
    type: "text",
    absent: "left out",
    says:
      "`offered`: the answer to sshd, which verifies itself that whoever connects has the key",
  },
  issuer: {
    type: "text",
    absent: "null",
    says: "the policy's name for the issuer, once the token has named one",
  },
  sub: {
    type: "text",
    absent: "null",
    says: "the verified claim `sub`: with `issuer` it is one person",
  },
  jti_sha256: {
    type: "text",
    absent: "null",
    says: "sixteen digits of the SHA-256 of the claim `jti`: one token",
  },
  rule: {
    type: "text",
    absent: "null",
    says: "the rule that decided; none where nothing matched",
  },
  policy_sha256: {
    type: "text",
    absent: "null",
    says: "sixteen digits of the SHA-256 of the policy's file",
  },
  ms: {
    type: "number",
    absent: "never",
    says: "milliseconds from the start of the program",
  },
  ref: {
    type: "text",
    absent: "left out",
    says: "what the person was told of a refusal, for the help desk",
  },
  warning: {
    type: "text",
    absent: "null",
    says: "what somebody should see to, although it decided nothing",
  },
  detail: {
    type: "text",
    absent: "null",
    says: "what exactly was missing, such as `rule staff: groups.any`",
  },
  claims: {
    type: "object",
    absent: "left out",
    fileOnly: true,
    says:
      "the verified claims that the policy looks at and no others; `null` is one that the token lacks",
  },
};
