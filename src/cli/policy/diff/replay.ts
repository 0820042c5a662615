/**
 * `policy diff --replay`: audit files read for what a change would have meant for recorded logins.
 *
 * @module
 */
import {
  LoginReplay,
  type Replay,
  type ReplayNotes,
} from "../../../analysis/diff/replay.ts";
import { HASH_DIGITS } from "../../../lib/audit_record.ts";
import { mapFilesOfIssuer } from "../../../analysis/map_files.ts";
import type { Policy } from "../../../policy/model.ts";
import { readAuditFiles } from "../../audit/files.ts";
import { readMapFiles } from "../../input.ts";
import type { CliIo } from "../../io.ts";

export interface Replayed {
  readonly replay: Replay;
  readonly notes: ReplayNotes;
}

/** Throws `InputError`. */
export async function replayFiles(
  files: readonly string[],
  { old, new: next, oldSha256, io }: {
    old: Policy;
    new: Policy;
    oldSha256: string;
    io: CliIo;
  },
): Promise<Replayed> {
  const paths = [old, next].flatMap((policy) =>
    policy.issuers.flatMap((issuer) => mapFilesOfIssuer(policy, issuer))
  );
  const mapFiles = await readMapFiles(paths, io);
  const replay = new LoginReplay({
    old,
    new: next,
    mapFiles,
    oldSha256: oldSha256.slice(0, HASH_DIGITS),
  });
  await readAuditFiles(files, replay, io);
  return { replay: replay.result(), notes: replay.notes() };
}
