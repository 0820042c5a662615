/**
 * A token as it was presented: a secret that does not print itself.
 *
 * @module
 */

const REDACTED = "[token]";

/**
 * Holds the characters of a token. Only {@link AccessToken.reveal} gives them back; printing,
 * serialising or inspecting shows a placeholder. JavaScript strings cannot be wiped from memory.
 */
export class AccessToken {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  /** The characters, for verification and for requests to the token's own issuer only. */
  reveal(): string {
    return this.#text;
  }
  get length(): number {
    return this.#text.length;
  }
  toString(): string {
    return REDACTED;
  }
  toJSON(): string {
    return REDACTED;
  }
  [Symbol.for("Deno.customInspect")](): string {
    return REDACTED;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}
