/**
 * What the page calls its texts, as if they were files, and what it may do with a text that runs.
 *
 * @module
 */

export const POLICY_FILE = "policy.yaml";
export const OLD_FILE = "old.yaml";

/** Of the one policy for Trusted Types, which gives the address of the worker and nothing else. */
export const WORKER_POLICY = "oauth-pam-worker";
