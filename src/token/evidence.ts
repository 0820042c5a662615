/**
 * What a verified token proves, for whoever judges it. Only the verifiers can make it: `verified.ts`.
 *
 * @module
 */
export type { Evidence } from "./verified.ts";
