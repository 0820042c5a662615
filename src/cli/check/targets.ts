/**
 * `check` without an argument: which policies this host uses, and who says so.
 *
 * @module
 */
import { POLICY } from "../../lib/installed.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import type { CliIo } from "../io.ts";
import { readStack } from "./pam/file.ts";
import { ownLines } from "./pam/own.ts";
import { readSshdConfig } from "./sshd/config.ts";
import { keysCommands } from "./sshd/keys_command.ts";

export interface Target {
  /** Absolute. */
  readonly policy: string;
  /** The PAM services to look at with it. */
  readonly services: readonly string[];
  /** Which policy was taken, and why. */
  readonly note: Finding;
}

interface Places {
  readonly io: CliIo;
  /** Where PAM services are. */
  readonly folders: readonly string[];
  /** The only service that is looked at; `undefined`: all that name this program. */
  readonly service: string | undefined;
  /** sshd's configuration; `null` where it is not looked at. */
  readonly config: string | null;
}

/** One target for each policy that a line names. Never empty, never throws. Runs nothing. */
export async function targetsOf(places: Places): Promise<Target[]> {
  const named = [...await namedByPam(places), ...await namedBySshd(places)];
  const policies = [...new Set(named.map(({ policy }) => policy))];
  if (policies.length === 0) {
    return [{
      policy: POLICY,
      services: [places.service ?? "sshd"],
      note: {
        id: "policy/found",
        level: "info",
        message:
          `no line of PAM or sshd names a policy: took "${POLICY}", where it usually is`,
        file: POLICY,
      },
    }];
  }
  return policies.map((policy) => {
    const own = named.filter((each) => each.policy === policy);
    const several = policies.length === 1
      ? ""
      : `; ${policies.length} policies are named, and each is checked`;
    return {
      policy,
      services: [...new Set(own.map(({ service }) => service))],
      note: {
        id: "policy/found",
        level: "info",
        message: `took the policy "${policy}", which ${
          [...new Set(own.map(({ place }) => place))].join(" and ")
        } ${own.length === 1 ? "names" : "name"}${several}`,
        file: policy,
      },
    };
  });
}

interface Named {
  readonly policy: string;
  readonly service: string;
  readonly place: string;
}

/** Names of services as PAM takes them; the others are what editors and packages leave behind. */
const SERVICE = /^[a-z0-9_][a-z0-9_-]*$/i;

async function namedByPam(
  { io, folders, service }: Places,
): Promise<Named[]> {
  const names = service === undefined
    ? (await Promise.all(folders.map(io.listFolder))).flat()
      .filter((name) => SERVICE.test(name))
    : [service];
  const found: Named[] = [];
  for (const name of new Set(names)) {
    const stack = await readStack(name, { io, folders });
    // "" is nobody's path: only what is called oauth-pam is ours
    for (const line of await ownLines(stack.lines, { io, policyPath: "" })) {
      const { policy, file } = line;
      if (policy?.startsWith("/") !== true) continue;
      // what every service includes makes none of them ours, but sshd's
      const usual = name === "sshd" || name === service;
      if (file !== stack.file && !usual) continue;
      found.push({
        policy,
        // a file that others include is not a service
        service: name.startsWith("common-") ? "sshd" : name,
        place: placeOf(line),
      });
    }
  }
  return found;
}

async function namedBySshd({ io, config }: Places): Promise<Named[]> {
  if (config === null) return [];
  try {
    const read = await readSshdConfig(config, io);
    const { own } = await keysCommands(read, { io, policyPath: "" });
    return own.flatMap(({ policy, setting }) =>
      policy?.startsWith("/") === true
        ? [{ policy, service: "sshd", place: placeOf(setting) }]
        : []
    );
  } catch {
    return []; // a finding of its own later
  }
}

function placeOf({ file, line }: { file: string; line: number }): string {
  return `${file}:${line}`;
}
