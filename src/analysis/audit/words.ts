/**
 * Lines of audit files in words: where one is, and why some could not be used.
 *
 * @module
 */
import type { Place, Unusable } from "./entry.ts";
import { visible } from "../../lib/text.ts";

/** More causes are only counted. */
const MAX_CAUSES = 10;

/** Why lines could not be used, and where the first of each sort is. */
export function unusableLines(
  unusable: readonly Unusable[],
): string[] {
  const rest = unusable.slice(MAX_CAUSES);
  const left = rest.reduce((sum, { count }) => sum + count, 0);
  return [
    ...unusable.slice(0, MAX_CAUSES).map(({ because, count, first }) =>
      `  ${count} ${visible(because)}, first ${placeText(first)}`
    ),
    ...(left === 0 ? [] : [`  ${left} for ${rest.length} other causes`]),
  ];
}

/** `line 3`, or `audit.jsonl.1:3` where there are several files. */
export function placeText({ file, line }: Place): string {
  return file === null ? `line ${line}` : `${visible(file)}:${line}`;
}
