/**
 * What sshd can withhold from a session, by the words of policies.
 *
 * @module
 */

/** In the order of the reference. */
export const PERMITS = [
  "pty",
  "port_forwarding",
  "agent_forwarding",
  "x11",
  "user_rc",
] as const;
export type Permit = typeof PERMITS[number];
