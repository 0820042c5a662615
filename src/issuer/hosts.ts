/**
 * The hosts of issuers, as permissions and policies name them.
 *
 * @module
 */

/** `host:port` of an https URL, the port always written. */
export function hostPort(url: URL): string {
  return `${url.hostname}:${url.port === "" ? "443" : url.port}`;
}

/**
 * The hosts that an issuer may be talked to at: its own, that of its discovery document, and those
 * listed beside them.
 */
export function permittedHosts(
  issuer: string,
  listed: readonly string[],
  discoveryUrl: string | null = null,
): string[] {
  const hosts = [
    issuer,
    discoveryUrl ?? [],
    ...listed.map((host) => `https://${host}`),
  ].flat();
  return [...new Set(hosts.map((text) => hostPort(new URL(text))))];
}
