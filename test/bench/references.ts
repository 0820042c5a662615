/**
 * The same check in other languages: Python as people have it, and C with OpenSSL as the limit of what can
 * be had.
 *
 * Debian packages: python3 python3-jwt python3-requests, gcc libssl-dev.
 *
 * @module
 */
import { PYTHON } from "../support/metered.ts";
import { MissingPart } from "./missing_part.ts";
import { AUDIENCE, type Site } from "./site.ts";

const FOLDER = decodeURIComponent(new URL("./", import.meta.url).pathname);

/** The command that checks a token of the site's issuer as Python does. */
export function pythonCommand(
  site: Site,
  alg: "RS256" | "ES256",
): string[] {
  return [
    ...[PYTHON, `${FOLDER}baseline.py`, site.issuer.issuer, AUDIENCE],
    ...[site.account.name, `${site.root}/python`, site.ca],
    ...["preferred_username", alg],
  ];
}

/** Builds the C program into the file `output`. Throws {@link MissingPart}. */
export async function buildC(output: string): Promise<void> {
  let said: string;
  try {
    const { success, stderr } = await new Deno.Command("gcc", {
      args: [
        ...["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror"],
        ...["-o", output, `${FOLDER}baseline.c`, "-lcrypto"],
      ],
      stdin: "null",
    }).output();
    if (success) return;
    said = new TextDecoder().decode(stderr);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    said = "there is no gcc";
  }
  throw new MissingPart(`the C program cannot be built: ${said}`, [
    "gcc",
    "libssl-dev",
  ]);
}

/** The command that checks an RS256 token by the key set in a file. */
export function cCommand(
  program: string,
  { keySet, issuer, user, socket }: Readonly<
    Record<"keySet" | "issuer" | "user" | "socket", string>
  >,
): string[] {
  return [
    ...[program, keySet, issuer, AUDIENCE, user, "preferred_username"],
    ...["staff", socket],
  ];
}
