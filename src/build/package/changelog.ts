/**
 * CHANGELOG.md as Debian writes changelogs.
 *
 * @module
 */
import { BuildError } from "../permissions.ts";

interface Section {
  readonly version: string;
  /** The day, as `2026-01-31`; `null` for what is not released yet. */
  readonly date: string | null;
  readonly lines: readonly string[];
}

/** The day of the newest release, at midnight UTC. Throws `BuildError` where there is none. */
export function newestRelease(changelog: string): Date {
  const newest = sectionsOf(changelog).find(({ date }) => date !== null);
  if (!newest?.date) throw new BuildError("CHANGELOG.md has no release");
  return new Date(`${newest.date}T00:00:00Z`);
}

/**
 * Debian's form, newest first. The first entry is about `version`: a release of that name, or what is not
 * released yet, at `date`.
 */
export function debianChangelog(
  changelog: string,
  { version, date, maintainer }: {
    readonly version: string;
    readonly date: Date;
    readonly maintainer: string;
  },
): string {
  const sections = sectionsOf(changelog);
  const released = sections.filter((each) => each.date !== null);
  const named = released.findIndex((each) => each.version === version);
  const entries = named >= 0 ? released.slice(named) : [
    {
      version,
      date: null,
      lines: sections.find((each) => each.date === null)?.lines ?? [],
    },
    ...released,
  ];
  return entries.map((entry) => {
    const at = entry.date === null || entry.version === version
      ? date
      : new Date(`${entry.date}T00:00:00Z`);
    return `oauth-pam (${entry.version}) stable; urgency=medium\n\n${
      body(entry.lines)
    }\n\n -- ${maintainer}  ${at.toUTCString().replace("GMT", "+0000")}\n`;
  }).join("\n");
}

function sectionsOf(changelog: string): Section[] {
  return changelog.split(/^## /m).slice(1).map((text) => {
    const [head = "", ...lines] = text.trimEnd().split("\n");
    const [, version = head, date] = /^(\S+) - (\d{4}-\d\d-\d\d)$/.exec(head) ??
      [];
    return { version, date: date ?? null, lines };
  });
}

/** Headings in brackets, and each point behind an asterisk, in lines of at most 78 characters. */
function body(lines: readonly string[]): string {
  const points: string[] = [];
  for (const line of lines) {
    if (/^(?:### |- )/.test(line)) points.push(line);
    else if (line.trim() !== "") {
      points.push(`${points.pop() ?? ""} ${line.trim()}`);
    }
  }
  const written = points.map((point) =>
    point.startsWith("### ")
      ? `\n  [ ${point.slice(4)} ]`
      : `  * ${filled(point.slice(2).split(/\s+/))}`
  );
  return written.join("\n").replace(/^\n/, "") || "  * As released.";
}

function filled(words: readonly string[]): string {
  let text = "";
  let column = 4;
  for (const word of words) {
    const fits = column + word.length < 78;
    text += text === "" ? word : (fits ? " " : "\n    ") + word;
    column = (fits ? column : 4) + word.length + 1;
  }
  return text;
}
