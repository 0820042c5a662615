/**
 * Generators of policies, of requests near them and of changes to them, for property tests.
 *
 * @module
 */

export * from "./policy_changes.ts";
export * from "./policy_documents.ts";
export * from "./request_generators.ts";
