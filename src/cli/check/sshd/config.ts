/**
 * Reading sshd_config(5), or what `sshd -T` prints: the first value wins, `Include` in place.
 *
 * @module
 */
import { decodeUtf8 } from "../../../files/trusted_file.ts";
import type { CliIo } from "../../io.ts";

export interface SshdSetting {
  /** In lower case. */
  readonly keyword: string;
  readonly value: string;
  readonly file: string;
  readonly line: number;
  /** The criteria of the Match block that it stands in; `null`: it holds for everybody. */
  readonly match: string | null;
}

export interface SshdConfig {
  readonly path: string;
  /** In the order in which sshd meets them. */
  readonly settings: readonly SshdSetting[];
  /** The first value that holds for everybody. */
  first(keyword: string): SshdSetting | undefined;
  /** Files that are included and could not be read: what they say is not known. */
  readonly unread: readonly string[];
  /** Values inside Match blocks. */
  matched(keyword: string): readonly SshdSetting[];
}

/** sshd's own limit of Include within Include. */
const MAX_DEPTH = 16;

/** Names of the same setting. */
const ALIASES: Readonly<Record<string, string>> = {
  challengeresponseauthentication: "kbdinteractiveauthentication",
  skeyauthentication: "kbdinteractiveauthentication",
  pubkeyacceptedkeytypes: "pubkeyacceptedalgorithms",
};

/** Taken as they are written: quotes are the command's own, and "#" begins no comment there. */
const COMMANDS = ["authorizedkeyscommand", "authorizedprincipalscommand"];

/** Throws what reading the file throws; included files that cannot be read are left out. */
export async function readSshdConfig(
  path: string,
  io: CliIo,
): Promise<SshdConfig> {
  const folder = path.slice(0, path.lastIndexOf("/")) || ".";
  const settings: SshdSetting[] = [];
  const text = decodeUtf8(await io.readHostFile(path));
  const unread: string[] = [];
  const reading = { io, folder, settings, unread };
  await read({ path, text, match: null, depth: 0 }, reading);
  return {
    ...{ path, settings, unread },
    first: (keyword) =>
      settings.find((each) => each.keyword === keyword && each.match === null),
    matched: (keyword) =>
      settings.filter((each) =>
        each.keyword === keyword && each.match !== null
      ),
  };
}

interface ConfigFile {
  readonly path: string;
  readonly text: string;
  readonly match: string | null;
  readonly depth: number;
}

interface Reading {
  readonly io: CliIo;
  /** What relative names in Include are relative to. */
  readonly folder: string;
  readonly settings: SshdSetting[];
  readonly unread: string[];
}

async function read(file: ConfigFile, reading: Reading): Promise<void> {
  // a Match block ends with its file
  let { match } = file;
  for (const [index, text] of file.text.split("\n").entries()) {
    const [first = "", ...values] = wordsOf(text);
    if (first === "") continue;
    const written = first.toLowerCase();
    const keyword = ALIASES[written] ?? written;
    if (keyword === "match") {
      const criteria = values.join(" ");
      match = criteria.toLowerCase() === "all" ? null : criteria;
      continue;
    }
    if (keyword === "include") {
      await include(values, { ...file, match }, reading);
      continue;
    }
    const place = { file: file.path, line: index + 1 };
    reading.settings.push({
      keyword,
      value: COMMANDS.includes(keyword)
        ? text.trim().replace(/^[A-Za-z0-9]+\s*=?\s*/, "")
        : values.join(" "),
      ...place,
      match,
    });
  }
}

async function include(
  patterns: readonly string[],
  { match, depth }: ConfigFile,
  reading: Reading,
): Promise<void> {
  if (depth >= MAX_DEPTH) {
    reading.unread.push(...patterns);
    return;
  }
  for (const pattern of patterns) {
    for (const path of await expand(pattern, reading)) {
      let text: string;
      try {
        text = decodeUtf8(await reading.io.readHostFile(path));
      } catch (error) {
        // sshd passes over what is not there
        if (!(error instanceof Deno.errors.NotFound)) reading.unread.push(path);
        continue;
      }
      await read({ path, text, match, depth: depth + 1 }, reading);
    }
  }
}

/** The files that a pattern of glob(7) names, in order. Wildcards only in the last part. */
async function expand(
  pattern: string,
  { io, folder, unread }: Reading,
): Promise<string[]> {
  const path = pattern.startsWith("/") ? pattern : `${folder}/${pattern}`;
  const slash = path.lastIndexOf("/");
  const name = path.slice(slash + 1);
  if (!/[*?[]/.test(name)) return [path];
  const source = name.replace(/[.+^${}()|\\]/g, "\\$&").replaceAll("*", ".*")
    .replaceAll("?", ".").replaceAll("[!", "[^");
  let matcher: RegExp;
  try {
    matcher = new RegExp(`^${source}$`);
  } catch {
    unread.push(path);
    return [];
  }
  const parent = path.slice(0, slash) || "/";
  if (/[*?[]/.test(parent) || await isClosed(parent)) unread.push(path);
  return (await io.listFolder(parent))
    .filter((each) => matcher.test(each) && !each.startsWith("."))
    .map((each) => `${parent}/${each}`);
}

/** Whether a folder is there whose names cannot be read. */
async function isClosed(folder: string): Promise<boolean> {
  try {
    for await (const _ of Deno.readDir(folder)) break;
    return false;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/** `Keyword value`, `Keyword=value`, quotes around words, comments. */
function wordsOf(line: string): string[] {
  const text = line.trim().replace(/^([A-Za-z0-9]+)\s*=\s*/, "$1 ");
  const words: string[] = [];
  for (const match of text.matchAll(/"([^"]*)"|(\S+)/g)) {
    if (match[2]?.startsWith("#")) break;
    words.push(match[1] ?? match[2] ?? "");
  }
  return words;
}
