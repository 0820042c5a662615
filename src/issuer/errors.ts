/**
 * The one way in which an issuer fails us, and whether that is an outage: only the network's doing
 * is one, because an outage can open another way in. An issuer that answers is there.
 *
 * @module
 */

export type IssuerProblem =
  | "host_not_permitted"
  | "not_https"
  | "unreachable"
  | "timeout"
  | "status"
  | "content_type"
  | "too_large"
  | "not_json"
  | "out_of_service"
  | "invalid";

/** `issuer_refused`: it answers, and refuses us or answers nonsense. */
type IssuerErrorCode = "issuer_unavailable" | "issuer_refused";

/**
 * RFC 6749 section 4.1.2.1 has these two words for "not now"; no other error of an authorization
 * server says that it is out of service.
 */
export const OUT_OF_SERVICE: readonly string[] = [
  "server_error",
  "temporarily_unavailable",
];

/** The issuer did not give a usable answer. The message is for the log, never for the user. */
export class IssuerError extends Error {
  override readonly name = "IssuerError";
  readonly code: IssuerErrorCode;
  readonly problem: IssuerProblem;
  /** The HTTP status, where the problem is about one answer. */
  readonly status: number | null;
  /** The `error` that the issuer named (RFC 6749 section 5.2). */
  readonly named: string | null;
  /** What it says of that error, for whoever administrates the host. */
  readonly description: string | null;
  constructor(
    problem: IssuerProblem,
    message: string,
    options: { status?: number; named?: string; description?: string } = {},
  ) {
    super(message);
    this.problem = problem;
    this.status = options.status ?? null;
    this.named = options.named ?? null;
    this.description = options.description ?? null;
    this.code = isOutage(problem, this.status)
      ? "issuer_unavailable"
      : "issuer_refused";
  }
}

function isOutage(problem: IssuerProblem, status: number | null): boolean {
  switch (problem) {
    case "unreachable":
    case "timeout":
    case "out_of_service":
      return true;
    case "status":
      return status !== null && status >= 500 && status <= 599;
    default:
      return false;
  }
}

/**
 * By its name: the built program consists of two files, and each has a copy of the class, so that
 * `instanceof` would not know what the other file threw.
 */
export function isIssuerError(error: unknown): error is IssuerError {
  return error instanceof Error && error.name === "IssuerError";
}

/** Whether the issuer cannot be reached now, as opposed to having answered. */
export function isOutageError(error: unknown): error is IssuerError {
  return isIssuerError(error) && error.code === "issuer_unavailable";
}
