/**
 * How a sign-in on a person's own machine fails, for them to read.
 *
 * @module
 */

/** The message is for the person at the terminal; it holds no secret. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  /** "refused": somebody says no; "unanswered": nobody answers, or not in time. */
  readonly outcome: "refused" | "unanswered";
  constructor(outcome: ClientError["outcome"], message: string) {
    super(message);
    this.outcome = outcome;
  }
}
