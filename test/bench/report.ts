/**
 * What a part of the bench hands over.
 *
 * @module
 */
import type { Aim } from "./aims.ts";

export interface Report {
  readonly aims: readonly Aim[];
  /** A heading, and a text below it. */
  readonly tables: readonly (readonly [heading: string, text: string])[];
}
