/**
 * Places that hold where a policy says nothing, or could not be read.
 *
 * @module
 */

export const DEFAULT_CACHE_DIRECTORY = "/var/cache/oauth-pam";
export const DEFAULT_SSH_KEYS_DIRECTORY = "/var/cache/oauth-pam-keys";
export const DEFAULT_LOG_SOCKET = "/dev/log";
