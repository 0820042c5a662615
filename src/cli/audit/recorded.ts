/**
 * The audit files of a policy on this host: the one that is written to, and those that it was rotated to.
 *
 * @module
 */
import {
  keysAuditFile,
  type Policy,
  takesCertificates,
} from "../../policy/model.ts";
import { InputError } from "../input.ts";
import type { CliIo } from "../io.ts";

/**
 * Their paths, oldest names last. Where sshd asks for keys as a user of its own, also those of that user.
 * Throws {@link InputError} for a policy without an audit file.
 */
export async function recordedFiles(
  policy: Policy,
  io: CliIo,
): Promise<string[]> {
  const { audit } = policy;
  if (audit === null) {
    throw new InputError(
      'the policy has no "audit": it lets no attempt be recorded in a file\n' +
        'hint: say "audit: {file: …}" in the policy, or name files',
    );
  }
  const { file } = audit;
  const ours = await rotations(file, io);
  const ofKeys = takesCertificates(policy) ? keysAuditFile(policy) : null;
  const certificates = ofKeys === null ? [] : await rotations(ofKeys, io);
  // that none is there is found, and said, where it is opened
  return ours.length + certificates.length === 0
    ? [file]
    : [...ours, ...certificates];
}

/** The file and what logrotate makes of it: a number or a date behind the name, perhaps compressed. */
async function rotations(path: string, io: CliIo): Promise<string[]> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  const base = path.slice(folder.length + 1);
  const names = await io.listFolder(folder);
  return names.filter((name) =>
    name.startsWith(base) &&
    /^(?:[.-][0-9]{1,20}(?:-[0-9]{1,20})?(?:\.gz)?)?$/.test(
      name.slice(base.length),
    )
  ).map((name) => `${folder}/${name}`);
}
