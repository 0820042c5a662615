/**
 * Tests as a table: accounts in its rows, persons in its columns, and what is not said is a deny.
 *
 * @module
 */
import type { Issue } from "../../policy/diagnostic.ts";
import { nearest } from "../../lib/text.ts";
import type { Path } from "../../policy/syntax/yaml.ts";
import type { TableDocument, TestDocument } from "./schema.ts";

/** One cell as the test that it is, and the row in which it stands. */
interface Cell {
  readonly test: TestDocument;
  /** Inside the table. */
  readonly row: Path;
  readonly subject: string;
}

/** The cells of a table, row by row; none of them where something is wrong with it. */
export function cellsOf(
  table: TableDocument,
): { cells: Cell[]; issues: Omit<Issue, "level">[] } {
  const { name, subjects, groups = {}, expect, ...shared } = table;
  const people = Object.keys(subjects);
  const issues = [
    ...groupIssues(table),
    ...Object.entries(expect).flatMap(([account, row]) =>
      rowIssues(row, { table, path: ["expect", account] })
    ),
  ];
  if (issues.length > 0) return { cells: [], issues };
  const cells = Object.entries(expect).flatMap(([account, row]) =>
    people.map((subject): Cell => ({
      test: {
        ...shared,
        name: `${name}: ${subject} as ${account}`,
        account,
        claims: { ...shared.claims, ...subjects[subject] },
        expect: answerFor(subject, { row, groups }),
      },
      row: ["expect", account],
      subject,
    }))
  );
  return { cells, issues: [] };
}

type Row = TableDocument["expect"][string];
type Groups = NonNullable<TableDocument["groups"]>;

/** What is said of somebody by name wins over what is said of a group. */
function answerFor(
  subject: string,
  { row, groups }: { row: Row; groups: Groups },
): "allow" | "deny" {
  return own(row, subject) ?? answersOfGroups(subject, { row, groups })[0] ??
    "deny";
}

function answersOfGroups(
  subject: string,
  { row, groups }: { row: Row; groups: Groups },
): ("allow" | "deny")[] {
  return Object.entries(row).flatMap(([name, answer]) =>
    own(groups, name)?.includes(subject) ? [answer] : []
  );
}

function own<Value>(
  record: Readonly<Record<string, Value>>,
  key: string,
): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function groupIssues(
  { subjects, groups = {} }: TableDocument,
): Omit<Issue, "level">[] {
  return Object.entries(groups).flatMap(([group, members]) => [
    ...(Object.hasOwn(subjects, group)
      ? [{
        id: "test/duplicate-name",
        message: `${JSON.stringify(group)} is a subject and a group`,
        path: ["groups", group],
        at: "key" as const,
      }]
      : []),
    ...members.flatMap((member, index) =>
      Object.hasOwn(subjects, member)
        ? []
        : [unknownSubject(member, Object.keys(subjects), [
          "groups",
          group,
          index,
        ])]
    ),
  ]);
}

function rowIssues(
  row: Row,
  { table, path }: { table: TableDocument; path: Path },
): Omit<Issue, "level">[] {
  const { subjects, groups = {} } = table;
  const known = [...Object.keys(subjects), ...Object.keys(groups)];
  const unknown = Object.keys(row).filter((name) => !known.includes(name))
    .map((name) => unknownSubject(name, known, [...path, name]));
  const torn = Object.keys(subjects).filter((subject) =>
    own(row, subject) === undefined &&
    new Set(answersOfGroups(subject, { row, groups })).size > 1
  ).map((subject): Omit<Issue, "level"> => ({
    id: "test/value",
    message: `${JSON.stringify(subject)} is in a group that is allowed ` +
      "and in one that is denied",
    hint: `say it of ${JSON.stringify(subject)} by name`,
    path,
    at: "key",
  }));
  return [...unknown, ...torn];
}

function unknownSubject(
  name: string,
  names: readonly string[],
  path: Path,
): Omit<Issue, "level"> {
  const suggestion = nearest(name, names);
  return {
    id: "test/unknown-subject",
    message: `there is no subject ${JSON.stringify(name)}`,
    ...(suggestion === undefined
      ? {}
      : { hint: `did you mean "${suggestion}"?` }),
    path,
    at: "key",
  };
}

/** Where a fault of a cell's test is written: what a subject brings along, stands with the subject. */
export function placeInTable(
  path: Path,
  { table, subject }: { table: TableDocument; subject: string },
): Path {
  const [key, claim] = path;
  return key === "claims" && claim !== undefined &&
      Object.hasOwn(table.subjects[subject] ?? {}, claim)
    ? ["subjects", subject, claim]
    : path;
}
