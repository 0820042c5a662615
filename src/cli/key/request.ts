/**
 * What `oauth-pam key` is asked for.
 *
 * @module
 */
import type { Lifetime } from "../../client/held.ts";
import { type LoopbackTarget, loopbackTarget } from "../../client/loopback.ts";
import { duration, seconds } from "../../policy/duration.ts";
import type { Options } from "../command.ts";
import { type Arguments, parseArguments, UsageError } from "../arguments.ts";

export interface KeyRequest {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecretFile: string | null;
  readonly caFile: string | null;
  readonly scope: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** `null`: sign in on another device. */
  readonly loopback: LoopbackTarget | null;
  /** Seconds since the ID token's `iat`; `null`: until it expires. */
  readonly lifetime: Lifetime;
  readonly ensure: boolean;
  readonly print: boolean;
  /** Milliseconds that the person has. */
  readonly patience: number;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** As long as a policy can allow. */
const MAX_LIFETIME = 7 * 24 * HOUR;

const REDIRECT_URI = "http://127.0.0.1/callback";
const SCOPE = "openid email";
const LIFETIME = "token";
const PATIENCE = "5m";

export const OPTIONS: Options = {
  "issuer": {
    value: "URL",
    says: "as the issuer writes itself, such as https://login.example.edu",
  },
  "client-id": {
    value: "ID",
    says: "the client that is registered there for this",
  },
  "ensure": {
    says: "do nothing where ssh-agent has one that serves 5 minutes more",
  },
  "device": {
    says:
      "show an address and a code for a browser elsewhere, as where ssh-agent is forwarded; the issuer must put the request's nonce into the ID token",
  },
  "lifetime": {
    value: "TIME",
    says:
      'how long it serves and ssh-agent keeps it: what the hosts\' policies say in "lifetime", such as 8h, at most 7d, or "token" for until the ID token expires. It prolongs nothing: each host decides by its own policy',
    fallback: LIFETIME,
  },
  "print": {
    says: "also print the certificate's public line, on standard output",
  },
  "scope": {
    value: "SCOPES",
    says: "what to ask for",
    fallback: `"${SCOPE}"`,
  },
  "parameter": {
    value: "NAME=TEXT",
    says: "a further parameter of the request, such as acr_values=mfa",
    repeat: true,
  },
  "redirect-uri": {
    value: "URI",
    says:
      "where the browser comes back to, and what to register for the client. Without a port any free one is taken, to which most issuers agree (RFC 8252 section 7.3)",
    fallback: REDIRECT_URI,
  },
  "port": {
    value: "PORT",
    says: "the port, for issuers that do not agree to that",
  },
  "client-secret-file": {
    value: "FILE",
    says: "for a client that has a secret",
  },
  "ca-file": {
    value: "FILE",
    says: "further certificate authorities (PEM) for the issuer",
  },
  "timeout": {
    value: "TIME",
    says: "how long to wait for you",
    fallback: PATIENCE,
  },
};

/** Parameters that are ours alone. */
const RESERVED = [
  "client_id",
  "client_secret",
  "code_challenge",
  "code_challenge_method",
  "nonce",
  "redirect_uri",
  "request",
  "request_uri",
  "response_mode",
  "response_type",
  "scope",
  "state",
];

/** Reads the arguments. Throws {@link UsageError}. */
export async function keyRequest(
  args: readonly string[],
): Promise<KeyRequest> {
  const options = await parseArguments(args, OPTIONS);
  const [extra] = options.positionals;
  if (extra !== undefined) {
    throw new UsageError(`unexpected argument ${JSON.stringify(extra)}`);
  }
  return {
    issuer: issuerOf(needed(options, "issuer")),
    clientId: plain("client-id", needed(options, "client-id")),
    clientSecretFile: options.text("client-secret-file") ?? null,
    caFile: options.text("ca-file") ?? null,
    scope: scopeOf(options.text("scope") ?? SCOPE),
    parameters: parametersOf(options.texts("parameter")),
    loopback: loopbackOf(options),
    lifetime: lifetimeOf(options.text("lifetime") ?? LIFETIME),
    ensure: options.flag("ensure"),
    print: options.flag("print"),
    patience: 1000 * time("timeout", {
      text: options.text("timeout") ?? PATIENCE,
      max: HOUR,
    }),
  };
}

function needed(options: Arguments, name: string): string {
  const value = options.text(name);
  if (value !== undefined && value !== "") return value;
  throw new UsageError(`--${name} is missing`);
}

/** OpenID Connect Core section 2: https, without query and fragment; compared byte for byte later. */
function issuerOf(text: string): string {
  const url = URL.parse(text);
  const sound = url !== null && url.protocol === "https:" &&
    url.username === "" && url.password === "" && /^[^\s?#]+$/.test(text);
  if (sound) return text;
  throw new UsageError(
    `--issuer is ${JSON.stringify(text)}, expected an https URL`,
  );
}

/** RFC 6749 appendix A: printable ASCII. */
function plain(name: string, text: string): string {
  if (/^[\x20-\x7e]+$/.test(text)) return text;
  throw new UsageError(`--${name} holds other than printable ASCII`);
}

function scopeOf(text: string): string {
  const scopes = plain("scope", text).split(" ").filter((each) => each !== "");
  if (scopes.includes("openid")) return scopes.join(" ");
  // OpenID Connect Core section 3.1.2.1: without it there is no ID token
  throw new UsageError('--scope does not have "openid"');
}

function parametersOf(texts: readonly string[]): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const text of texts) {
    const [, name = "", value = ""] = /^([A-Za-z0-9_.-]+)=(.*)$/s.exec(text) ??
      [];
    if (name === "") {
      throw new UsageError(
        `--parameter is ${JSON.stringify(text)}, expected NAME=TEXT`,
      );
    }
    if (RESERVED.includes(name)) {
      throw new UsageError(`--parameter cannot set ${JSON.stringify(name)}`);
    }
    parameters[name] = value;
  }
  return parameters;
}

function loopbackOf(options: Arguments): LoopbackTarget | null {
  const uri = options.text("redirect-uri");
  const port = options.text("port");
  if (options.flag("device")) {
    if (uri === undefined && port === undefined) return null;
    throw new UsageError(
      "--device has no use for --port and --redirect-uri: no browser comes back here",
    );
  }
  const target = loopbackTarget(uri ?? REDIRECT_URI);
  if (target === null) {
    throw new UsageError(
      `--redirect-uri is ${
        JSON.stringify(uri)
      }, expected http://127.0.0.1, http://[::1] or http://localhost with a port or without, ` +
        "and a path",
    );
  }
  if (port === undefined) return target;
  if (target.port !== 0) {
    throw new UsageError("--port and the port of --redirect-uri exclude");
  }
  const number = /^[1-9][0-9]{0,4}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65535) {
    throw new UsageError(`--port is ${JSON.stringify(port)}, expected 1-65535`);
  }
  return { ...target, port: number };
}

function lifetimeOf(text: string): Lifetime {
  return text === "token" ? null : time("lifetime", {
    text,
    max: MAX_LIFETIME,
    or: '"token" or ',
  });
}

function time(
  name: string,
  { text, max, or = "" }: {
    readonly text: string;
    readonly max: number;
    readonly or?: string;
  },
): number {
  const value = seconds(text);
  if (value > 0 && value <= max) return value;
  throw new UsageError(
    `--${name} is ${JSON.stringify(text)}, expected ${or}a time such as 30m, ` +
      `at most ${duration(max)}`,
  );
}
