/**
 * What the page calls its texts, as if they were files.
 *
 * @module
 */

export const POLICY_FILE = "policy.yaml";
export const OLD_FILE = "old.yaml";
