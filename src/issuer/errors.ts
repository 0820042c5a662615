/**
 * The one way in which an issuer fails us. Login turns it into `issuer_unavailable`.
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
  | "invalid";

/** The issuer did not give a usable answer. The message is for the log, never for the user. */
export class IssuerError extends Error {
  override readonly name = "IssuerError";
  readonly code = "issuer_unavailable";
  readonly problem: IssuerProblem;
  /** The HTTP status, when the problem is "status". */
  readonly status: number | null;
  constructor(
    problem: IssuerProblem,
    message: string,
    options: { status?: number } = {},
  ) {
    super(message);
    this.problem = problem;
    this.status = options.status ?? null;
  }
}

/**
 * By its name: the built program consists of two files, and each has a copy of the class, so that
 * `instanceof` would not know what the other file threw.
 */
export function isIssuerError(error: unknown): error is IssuerError {
  return error instanceof Error && error.name === "IssuerError";
}
