/**
 * Where the browser comes back to after signing in (RFC 8252 section 7.3): a port of this machine
 * that nobody else can reach, open for one answer.
 *
 * @module
 */
import { within } from "../lib/deadline.ts";

/** Where to listen, as a redirect URI says it. */
export interface LoopbackTarget {
  readonly host: "127.0.0.1" | "[::1]" | "localhost";
  /** 0: the system chooses (RFC 8252 section 7.3 has servers ignore the port). */
  readonly port: number;
  /** As written, perhaps empty. */
  readonly path: string;
}

const LOOPBACK_URI =
  /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::([1-9][0-9]{0,4}))?((?:\/[A-Za-z0-9._~-]*)*)$/;

/** Reads a redirect URI; `null` for one that does not lead to this machine and nowhere else. */
export function loopbackTarget(uri: string): LoopbackTarget | null {
  const [, host, port = "0", path = ""] = LOOPBACK_URI.exec(uri) ?? [];
  if (host === undefined || Number(port) > 65535) return null;
  return { host: host as LoopbackTarget["host"], port: Number(port), path };
}

/** What the browser brought, and how it learns what came of it. */
export interface Arrival {
  readonly parameters: URLSearchParams;
  /** Shows a page, once. */
  answer(page: keyof typeof PAGES): void;
}

interface Loopback extends AsyncDisposable {
  /** With the port that is listened on. */
  readonly redirectUri: string;
  /** The first request to the path of the redirect URI. All others are refused. */
  readonly arrival: Promise<Arrival>;
}

/** What people read in the browser; nothing of it comes from a request. */
const PAGES = {
  done: [200, "You have signed in", "Go back to your terminal."],
  failed: [400, "That did not work", "Your terminal tells why."],
  again: [410, "This sign-in is over", "Start again in your terminal."],
  elsewhere: [404, "There is nothing here", "Go back to your terminal."],
} as const;

const GOODBYE_MS = 2_000;

/** Starts to listen. Throws what `Deno.listen` throws where the port cannot be had. */
export function listenForAnswer(target: LoopbackTarget): Loopback {
  const { promise: arrival, resolve } = Promise.withResolvers<Arrival>();
  const { promise: shown, resolve: show } = Promise.withResolvers<
    keyof typeof PAGES
  >();
  let arrived = false;
  const handle = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    // another name that leads here is a web site's attempt to talk to this port (DNS rebinding)
    const ours = request.headers.get("host") === host && isVisit(request) &&
      request.method === "GET" && pathname === (target.path || "/");
    if (!ours) return page("elsewhere");
    if (arrived) return page("again");
    arrived = true;
    resolve({ parameters: searchParams, answer: show });
    // the page is to say what came of it, which the tokens decide
    return page(await shown);
  };
  const serve = (hostname: string, port: number) =>
    Deno.serve({ hostname, port, onListen: () => {} }, handle);
  const [first = "127.0.0.1", second] = ADDRESSES[target.host];
  const server = serve(first, target.port);
  const { port } = server.addr;
  const redirectUri = `http://${target.host}:${port}${target.path}`;
  const { host } = new URL(redirectUri);
  const servers = [server];
  if (second !== undefined) {
    try {
      servers.push(serve(second, port));
    } catch (error) {
      // a machine without IPv6; but a port that somebody else has there would get our answer
      if (!(error instanceof Deno.errors.AddrNotAvailable)) {
        server.shutdown();
        throw error;
      }
    }
  }
  return {
    redirectUri,
    arrival,
    async [Symbol.asyncDispose]() {
      show("failed");
      const over = Promise.all(servers.map((each) => each.shutdown()));
      await within(over.then(() => {}), GOODBYE_MS, () => {});
    },
  };
}

/**
 * False where the browser says that a page elsewhere only wants something of this address, such as an
 * image: that would use up the one answer (Fetch Metadata; older browsers do not say).
 */
function isVisit({ headers }: Request): boolean {
  return (headers.get("sec-fetch-dest") ?? "document") === "document";
}

/** A browser may take either for "localhost". */
const ADDRESSES: Readonly<Record<LoopbackTarget["host"], readonly string[]>> = {
  "127.0.0.1": ["127.0.0.1"],
  "[::1]": ["::1"],
  "localhost": ["127.0.0.1", "::1"],
};

function page(name: keyof typeof PAGES): Response {
  const [status, title, text] = PAGES[name];
  const body = `<!DOCTYPE html><html lang="en"><meta charset="utf-8">` +
    `<title>${title}</title><h1>${title}</h1><p>${text}</p></html>\n`;
  return new Response(body, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cache-control": "no-store",
      // the address has the code in it
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "connection": "close",
    },
  });
}
