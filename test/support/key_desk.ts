/**
 * A person's own machine: an ssh-agent, and `oauth-pam key` in this process.
 *
 * @module
 */
import { runCli } from "../../src/cli/cli.ts";
import { processIo } from "../../src/cli/io.ts";
import type { Authority } from "./certificates.ts";
import { startAgent, type TestAgent } from "./ssh_agent.ts";

export interface KeyResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KeyRun {
  /** The address that it shows; `null` where it ends without. */
  readonly address: Promise<string | null>;
  /** The code that it shows for another device. */
  readonly userCode: Promise<string | null>;
  readonly ended: Promise<KeyResult>;
}

export interface Desk extends AsyncDisposable {
  readonly agent: TestAgent;
  readonly folder: string;
  readonly caFile: string;
  /** Starts `oauth-pam key` with these arguments and the authority's certificate. */
  key(args: readonly string[], options?: KeyOptions): KeyRun;
}

export interface KeyOptions {
  /** Replaces or, with `undefined`, removes variables. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The client of the tests: one for programs on people's machines, whose port is anybody's. */
export const KEY_CLIENT = {
  client_id: "ssh-key",
  application_type: "native",
  redirect_uris: ["http://127.0.0.1/callback"],
  response_types: ["code"],
  grant_types: [
    "authorization_code",
    "urn:ietf:params:oauth:grant-type:device_code",
  ],
  token_endpoint_auth_method: "none",
} as const;

/** Sets the desk. */
export async function createDesk(
  { authority }: { readonly authority: Authority },
): Promise<Desk> {
  const agent = await startAgent();
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-desk-" });
  const caFile = `${folder}/ca.pem`;
  await Deno.writeTextFile(caFile, authority.caPem);
  return {
    agent,
    folder,
    caFile,
    key: (args, options = {}) =>
      startKey(["key", ...args, "--ca-file", caFile], {
        ...options,
        env: { SSH_AUTH_SOCK: agent.socket, ...options.env },
      }),
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function startKey(args: readonly string[], options: KeyOptions): KeyRun {
  const output = { stdout: "", stderr: "" };
  const address = Promise.withResolvers<string | null>();
  const userCode = Promise.withResolvers<string | null>();
  const running = runCli(args, {
    ...processIo({ env: (name) => options.env?.[name] }),
    ...(options.now === undefined ? {} : { now: options.now }),
    stdout: (text) => output.stdout += text,
    stderr: (text) => {
      output.stderr += text;
      const shown = /^https:\/\/\S+$/m.exec(output.stderr)?.[0];
      if (shown !== undefined) address.resolve(shown);
      const code = /enter the code (\S+)$/m.exec(output.stderr)?.[1];
      if (code !== undefined) userCode.resolve(code);
    },
    interactive: false,
    color: false,
  });
  const ended = running.then((code) => {
    address.resolve(null);
    userCode.resolve(null);
    return { code, ...output };
  });
  return { address: address.promise, userCode: userCode.promise, ended };
}

/** What the browser is sent back with, opened. */
export async function comeBack(
  url: string,
): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { redirect: "manual" });
  return { status: response.status, text: await response.text() };
}
