/**
 * The only place that talks to the network: HTTPS to hosts from the policy, no redirect followed, one
 * deadline for everything, bounded bodies, JSON.
 *
 * @module
 */
import { isIssuerError, IssuerError } from "./errors.ts";
import { hostPort } from "./hosts.ts";

/** Largest decoded body. `content-length` speaks of the compressed size, so bytes are counted. */
export const MAX_BODY_BYTES = 1024 * 1024;

export interface TransportOptions {
  /** `host:port` of every host that may be talked to. */
  readonly hosts: readonly string[];
  /** PEM certificates that are trusted beside the runtime's own. */
  readonly caCerts: readonly string[];
  readonly proxy: string | null;
  /** Ends every request together: one deadline for the whole login. */
  readonly signal: AbortSignal;
}

export interface JsonRequest {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `application/x-www-form-urlencoded`, every value encoded. */
  readonly form?: Readonly<Record<string, string>>;
  /** Sent as `application/json`. */
  readonly json?: unknown;
  /** Statuses to return instead of refusing; 200 always is. */
  readonly accept?: readonly number[];
  /** A document that may lie on a server for files, which cannot know that it is JSON. */
  readonly published?: true;
  /** A deadline of its own, for one of many requests; the transport's holds as well. */
  readonly timeoutMs?: number;
}

export interface JsonResponse {
  readonly status: number;
  readonly body: unknown;
  /** When it was sent, in milliseconds since the epoch; `null` where it does not say (RFC 9110). */
  readonly sentAt?: number | null;
}

/** Sends requests to one issuer. */
export interface Transport {
  request(url: string, request?: JsonRequest): Promise<JsonResponse>;
  close(): void;
}

/** Opens a transport. Connects only when a request is made. */
export function openTransport(options: TransportOptions): Transport {
  let client: Deno.HttpClient | undefined;
  const custom = options.caCerts.length > 0 || options.proxy !== null;
  return {
    async request(url, request = {}) {
      if (custom && client === undefined) client = createClient(options);
      return await requestJson(url, request, { ...options, client });
    },
    close() {
      client?.close();
      client = undefined;
    },
  };
}

function createClient({ caCerts, proxy }: TransportOptions): Deno.HttpClient {
  try {
    return Deno.createHttpClient({
      ...(caCerts.length > 0 ? { caCerts: [...caCerts] } : {}),
      ...(proxy === null ? {} : { proxy: { url: proxy } }),
    });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new IssuerError(
      "invalid",
      `the policy's CA certificates or proxy cannot be used: ${cause}`,
    );
  }
}

async function requestJson(
  url: string,
  request: JsonRequest,
  options: TransportOptions & { client: Deno.HttpClient | undefined },
): Promise<JsonResponse> {
  checkUrl(url, options.hosts);
  const signal = request.timeoutMs === undefined
    ? options.signal
    : AbortSignal.any([options.signal, AbortSignal.timeout(request.timeoutMs)]);
  const body = request.form === undefined
    ? request.json === undefined ? null : JSON.stringify(request.json)
    : new URLSearchParams(request.form).toString();
  let response: Response;
  try {
    response = await fetch(url, {
      method: request.method ?? "GET",
      headers: {
        accept: "application/json",
        ...(request.form
          ? { "content-type": "application/x-www-form-urlencoded" }
          : {}),
        ...(request.json !== undefined
          ? { "content-type": "application/json" }
          : {}),
        ...request.headers,
      },
      body,
      // a 307 would send the body, token included, to wherever it points; as a status it is told
      // from an issuer that cannot be reached
      redirect: "manual",
      signal,
      ...(options.client === undefined ? {} : { client: options.client }),
    });
  } catch (error) {
    throw asIssuerError(url, error, signal);
  }
  const statuses = [200, ...(request.accept ?? [])];
  if (!statuses.includes(response.status)) {
    await response.body?.cancel().catch(() => {});
    throw new IssuerError(
      "status",
      `${place(url)} answered with status ${response.status}${
        redirection(response, url)
      }`,
      { status: response.status },
    );
  }
  return {
    status: response.status,
    body: await readJson(response, {
      url,
      signal,
      types: request.published ? PUBLISHED_TYPES : ANSWER_TYPES,
    }),
    sentAt: sentAt(response.headers),
  };
}

/** Where a redirect leads: whoever configures the issuer may want that address instead. */
function redirection({ status, headers }: Response, url: string): string {
  const to = headers.get("location");
  if (status < 300 || status > 399 || to === null) return "";
  const target = URL.parse(to, url)?.href ?? "";
  return `, a redirect to ${place(target)}, which is not followed`;
}

/** RFC 9110 section 6.6.1, and what a cache adds to it (RFC 9111 section 5.1). */
function sentAt(headers: Headers): number | null {
  const date = Date.parse(headers.get("date") ?? "");
  const age = /^[0-9]{1,9}$/.exec(headers.get("age") ?? "")?.[0] ?? "0";
  return Number.isFinite(date) ? date + Number(age) * 1000 : null;
}

/** Exactly JSON: a signed introspection response (RFC 9701) is another media type. */
const ANSWER_TYPES =
  /^application\/(?:json|jwk-set\+json|problem\+json)\s*(?:;|$)/i;

/**
 * What servers for files call JSON under a name that they do not know, and what RFC 6839 section 3.1
 * calls JSON. Never HTML: that is somebody else's page, such as one that asks to sign in.
 */
const PUBLISHED_TYPES =
  /^(?:application\/(?:[a-z0-9.-]+\+)?json|text\/(?:json|plain)|(?:application|binary)\/octet-stream)\s*(?:;|$)/i;

/** Reads a JSON body within the limits. */
async function readJson(
  response: Response,
  options: { url: string; signal?: AbortSignal; types: RegExp },
): Promise<unknown> {
  const { url, types } = options;
  const type = response.headers.get("content-type") ?? "";
  if (!types.test(type)) {
    await response.body?.cancel().catch(() => {});
    const shown = JSON.stringify(type.slice(0, 60));
    const { status } = response;
    throw new IssuerError(
      "content_type",
      `${place(url)} answered with ${
        status === 200 ? "" : `status ${status} and `
      }content type ${shown}`,
      { status },
    );
  }
  let bytes: Uint8Array;
  try {
    bytes = await readBytes(response, url);
  } catch (error) {
    throw asIssuerError(url, error, options.signal);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    const { status } = response;
    const message = `${place(url)} did not answer with JSON`;
    throw new IssuerError("not_json", message, { status });
  }
}

async function readBytes(
  response: Response,
  url: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  // leaving the loop by an exception cancels the body
  for await (const chunk of response.body ?? []) {
    total += chunk.length;
    if (total > MAX_BODY_BYTES) {
      const message = `${
        place(url)
      } answered with more than ${MAX_BODY_BYTES} bytes`;
      throw new IssuerError("too_large", message);
    }
    chunks.push(chunk);
  }
  return await new Blob(chunks).bytes();
}

/** Refuses a URL that is not https or not on a listed host; returns it parsed. */
export function checkUrl(text: unknown, hosts: readonly string[]): URL {
  let url: URL;
  try {
    url = new URL(String(text));
  } catch {
    throw new IssuerError(
      "invalid",
      "the issuer names something that is not a URL",
    );
  }
  if (url.protocol !== "https:" || url.username !== "" || url.password !== "") {
    throw new IssuerError(
      "not_https",
      `${place(url.href)} is not a plain https URL`,
    );
  }
  if (!hosts.includes(hostPort(url))) {
    const message =
      `${place(url.href)} is on the host "${
        hostPort(url)
      }", which the policy does ` +
      'not list under "hosts"';
    throw new IssuerError("host_not_permitted", message);
  }
  return url;
}

/** A URL for the log: no query, no user information. */
function place(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`.slice(0, 200);
  } catch {
    return "the issuer";
  }
}

function asIssuerError(
  url: string,
  error: unknown,
  signal: AbortSignal | undefined,
): IssuerError {
  if (isIssuerError(error)) return error;
  // the runtime's own refusal is not a word of the network
  if (error instanceof Deno.errors.NotCapable) {
    const message = `${place(url)}: ${error.message.slice(0, 200)}`;
    return new IssuerError("host_not_permitted", message);
  }
  if (signal?.aborted) {
    return new IssuerError("timeout", `${place(url)} did not answer in time`);
  }
  return new IssuerError(
    "unreachable",
    `${place(url)} cannot be reached: ${causeOf(error).slice(0, 200)}`,
  );
}

/** The innermost message: the outer ones say no more than "fetch failed". */
function causeOf(error: unknown): string {
  let cause = error;
  for (let depth = 0; depth < 5; depth++) {
    if (!(cause instanceof Error) || cause.cause === undefined) break;
    cause = cause.cause;
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  // the URL has been named already
  return message.replace(/^error sending request for url \(\S*\): /, "");
}
