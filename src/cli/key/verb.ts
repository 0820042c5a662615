/**
 * `oauth-pam key`
 *
 * @module
 */
import { agentAt } from "../../client/agent.ts";
import { openInBrowser } from "../../client/browser.ts";
import { ClientError } from "../../client/errors.ts";
import {
  endOf,
  type HeldCertificate,
  heldCertificates,
  longestHeld,
} from "../../client/held.ts";
import { isIssuerError, isOutageError } from "../../issuer/errors.ts";
import { encodeBase64 } from "../../lib/base64url.ts";
import { visible } from "../../lib/text.ts";
import { PolicyError } from "../../pam/host/policy_file.ts";
import { SignInError, TokenError } from "../../token/errors.ts";
import type { Command } from "../command.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import type { CliIo } from "../io.ts";
import { type KeyRequest, keyRequest, OPTIONS } from "./request.ts";

export const COMMAND: Command = {
  forms: ["--issuer URL --client-id ID"],
  about: `
On your own machine: makes a key, signs you in at the issuer, binds the key to the ID token, and
gives both to ssh-agent as a certificate. "ssh" then logs you in on every host whose policy has
"ssh_certificates" for this issuer and client; hosts with opkssh take it, too. Key and certificate
are in ssh-agent alone and are never written to a file.
`,
  options: OPTIONS,
  notes: `
In ~/.ssh/config:
  Match host *.example.edu exec "oauth-pam key --ensure --issuer URL --client-id ID"

It connects to the issuer, to the hosts that the issuer's discovery document names, and to
$SSH_AUTH_SOCK; while it waits it listens on this machine's loopback address; it starts $BROWSER,
xdg-open or open, and nothing else; it reads the files that are named above, and writes none.
`,
  exits: {
    0: "ssh-agent has one",
    1: "refused",
    3: "no answer: from the issuer, from ssh-agent, or from you",
  },
};

/** One that ends sooner is not worth beginning a session with. */
const ENSURED_SECONDS = 5 * 60;

/** In ssh-agent's list; what begins so is ours to replace. */
const COMMENT = "oauth-pam: ";

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const request = await keyRequest(args);
  try {
    await obtain(request, io);
    return EXIT.fine;
  } catch (error) {
    const code = endingOf(error);
    if (code === null || !(error instanceof Error)) throw error;
    io.stderr(`oauth-pam: error: ${visible(error.message)}\n`);
    return code;
  }
}

/** `null` for what is a defect. */
function endingOf(error: unknown): ExitCode | null {
  if (error instanceof ClientError) {
    return error.outcome === "refused" ? EXIT.negative : EXIT.unanswered;
  }
  if (error instanceof TokenError) return EXIT.negative;
  if (error instanceof SignInError) {
    return error.code === "device_expired" ? EXIT.unanswered : EXIT.negative;
  }
  if (isIssuerError(error)) {
    return isOutageError(error) ? EXIT.unanswered : EXIT.negative;
  }
  // a file that was named and cannot be used
  return error instanceof PolicyError ? EXIT.unanswered : null;
}

async function obtain(request: KeyRequest, io: CliIo): Promise<void> {
  const now = () => Math.floor(io.now() / 1000);
  const agent = agentAt(socketOf(io));
  // before anybody signs in: in vain, where there is no agent
  const held = await heldCertificates(await agent.identities(), now());
  if (request.ensure) {
    const found = longestHeld(held, request);
    const left = found === null ? 0 : endOf(found, request.lifetime) - now();
    if (found !== null && left >= ENSURED_SECONDS) {
      if (request.print) io.stdout(publicLine(found));
      return;
    }
  }
  const { signInForCertificate } = await import("../../client/certify.ts");
  await signInForCertificate(
    { ...request, ...await filesOf(request) },
    { screen: screenOf(io), now: io.now, wait },
    async ({ blob, type, claims, ...key }) => {
      const end = endOf(claims, request.lifetime);
      if (end <= now()) {
        throw new ClientError(
          "refused",
          "the ID token has expired already: compare the clocks",
        );
      }
      const who = nameOf(claims);
      const comment = `${COMMENT}${who} at ${request.issuer}`;
      await agent.add({ certificate: blob, ...key }, {
        comment,
        lifetime: end - now(),
      });
      // ssh offers every key that there is, and a host counts the attempts
      const same = held.filter((each) =>
        each.comment.startsWith(COMMENT) && each.iss === claims.iss &&
        each.sub === claims.sub && each.aud.includes(request.clientId)
      );
      for (const each of same) await agent.remove(each.blob).catch(() => {});
      io.stderr(
        `oauth-pam: signed in as ${who}; ssh-agent has the certificate until ${
          timeOf(end)
        }\n`,
      );
      if (request.print) io.stdout(publicLine({ type, blob, comment }));
    },
  );
}

function socketOf(io: CliIo): string {
  // without it there is nothing to do: a program that may not read it says so
  const path = io.env?.("SSH_AUTH_SOCK");
  if (path !== undefined && path !== "") return path;
  throw new ClientError(
    "unanswered",
    "there is no ssh-agent: SSH_AUTH_SOCK is not set; start one, such as by " +
      'eval "$(ssh-agent)"',
  );
}

/** A program that may not read it has none. */
function variable(io: CliIo, name: string): string | undefined {
  try {
    return io.env?.(name);
  } catch {
    return undefined;
  }
}

async function filesOf(
  { clientSecretFile, caFile }: KeyRequest,
): Promise<{ clientSecret: string | null; caCerts: readonly string[] }> {
  const { loadCaCerts, loadClientSecret } = await import(
    "../../pam/host/policy_file.ts"
  );
  return {
    clientSecret: clientSecretFile === null
      ? null
      : await loadClientSecret(clientSecretFile),
    caCerts: await loadCaCerts({ ca_file: caFile }),
  };
}

function screenOf(io: CliIo) {
  const env = (name: string) => variable(io, name);
  return {
    address(url: string) {
      const opened = openInBrowser(url, { os: Deno.build.os, env });
      io.stderr(
        `oauth-pam: sign in with your browser${
          opened ? ", which should open now" : ""
        }, at\n${url}\n`,
      );
    },
    code({ url, userCode }: { url: string; userCode: string }) {
      io.stderr(
        `oauth-pam: on any device, open ${url} and enter the code ${userCode}\n`,
      );
    },
  };
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What the person knows themselves by. */
function nameOf(
  { email, sub }: { readonly email: string; readonly sub: string },
): string {
  return visible(email === "" ? sub : email).slice(0, 200);
}

/** As in `authorized_keys` and `ssh-add -L`. */
function publicLine(
  { type, blob, comment }: Pick<HeldCertificate, "type" | "blob" | "comment">,
): string {
  return `${type} ${encodeBase64(blob)} ${visible(comment)}\n`;
}

function timeOf(seconds: number): string {
  // "Mon Jan 01 2026 12:34", by the person's own clock
  return new Date(seconds * 1000).toString().slice(0, 21);
}
