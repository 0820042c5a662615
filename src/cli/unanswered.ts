/**
 * Verbs that judge policies: what keeps them from an answer, and the reading of usable policies.
 *
 * @module
 */
import type { Policy } from "../policy/model.ts";
import { usable } from "../policy/syntax/parse.ts";
import { decodeUtf8 } from "../files/trusted_file.ts";
import type { CliIo } from "./io.ts";
import { type ReadPolicy, readPolicy, unreadable } from "./input.ts";
import { prettyFindings, visible } from "./output/pretty.ts";

/** There is no answer: exit code 3. The message says why. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

/** Reads a policy that decisions can be made with. Throws {@link Unanswered} with its findings. */
export async function usablePolicy(path: string, io: CliIo): Promise<Policy> {
  return usableOrThrow(await readPolicy(path, io));
}

export function usableOrThrow(read: ReadPolicy): Policy {
  const policy = usable(read);
  if (policy !== null) return policy;
  const texts = new Map([[read.file, read.text]]);
  const findings = prettyFindings(read.diagnostics, { texts, color: false });
  throw new Unanswered(findings.trimEnd());
}

/** Tells on standard error why there is no answer. */
export function tellUnanswered(error: unknown, io: CliIo): void {
  if (!(error instanceof Unanswered)) throw error;
  const lines = error.message.split("\n").map(visible).join("\n");
  io.stderr(
    /^\S+:\d+:\d+: /.test(lines)
      ? `${lines}\n`
      : `oauth-pam: error: ${lines}\n`,
  );
}

/** The texts of map files. Throws {@link Unanswered} when one cannot be read. */
export async function readMapFiles(
  paths: Iterable<string>,
  io: CliIo,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of new Set(paths)) {
    try {
      files.set(path, decodeUtf8(await io.readFile(path)));
    } catch (error) {
      throw new Unanswered(
        `the policy reads the map file "${path}": ${
          unreadable(path, error).message
        }`,
      );
    }
  }
  return files;
}
