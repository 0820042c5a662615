/**
 * Tests as GitHub workflow commands: an error for all that is wrong, and one notice with the numbers.
 *
 * @module
 */
import {
  type Annotation,
  findingAnnotation,
  githubAnnotations,
} from "../../output/github.ts";
import { type Check, checksOf, numbers, type TestReport } from "./report.ts";

export function testGithub(report: TestReport): string {
  const wrong = checksOf(report).filter(({ status }) => status !== "ok");
  const found = report.runs.flatMap(({ findings }) => findings);
  const annotations = [
    ...found.map(findingAnnotation),
    // those of findings are told above, with their columns
    ...wrong.filter(({ finding }) => finding === undefined).map(annotation),
  ];
  const count = report.runs.map((run) =>
    numbers(run, report.threshold).map((line, index) =>
      index === 0 ? `${run.file}: ${line}` : line
    ).join("\n")
  );
  return githubAnnotations([...annotations, {
    level: "info",
    title: "policy test",
    message: count.join("\n"),
    place: {},
    brief: count.join("\n"),
  }], "failure");
}

function annotation(check: Check): Annotation {
  const { file, line, name, message, details } = check;
  return {
    level: "error",
    title: name === message ? "policy test" : `policy test: ${name}`,
    message: [message, ...details].join("\n"),
    place: { file, line },
    brief: `${file}:${line}: ${name}`,
  };
}
