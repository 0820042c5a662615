/**
 * What the schema says of one key beside its shape: what it means for people, its default, and what
 * a change of it means for who gets in. The schema library carries the words along, and its types
 * are those of the shape.
 *
 * @module
 */
import * as v from "valibot";
import { seconds } from "../duration.ts";
import { INSTANT, instantSeconds } from "../instant.ts";

/**
 * How a setting relates to who gets in. "set": each further entry accepts more. "required": each
 * further entry refuses more. "limit": a larger number accepts more. "switch": `true` accepts
 * more. "strict": `true`, or a word where there was none, refuses more. "ladder": each of its words accepts more than those
 * before it. "other": it cannot be told. "shown": the same, and a
 * reviewer must read both. "neutral": it does not matter.
 */
export type Change =
  | "set"
  | "required"
  | "limit"
  | "switch"
  | "strict"
  | "ladder"
  | "other"
  | "shown"
  | "neutral";

/** What is said of a key beside its shape and its default. */
export interface About {
  /** For people. */
  readonly says: string;
  /** Left out where `policy diff` compares what the key decides, not its text. */
  readonly change?: Change;
  /** The default in the usual case, where another key has a say in it. */
  readonly usually?: unknown;
}

/** A key that must be there; also for what is not a key, such as an entry of a list. */
export function needed<Shape extends v.GenericSchema>(
  shape: Shape,
  about: About | string,
): Shape {
  const { says, ...rest } = typeof about === "string" ? { says: about } : about;
  return v.pipe(
    shape,
    v.description(says),
    v.metadata({ ...rest }),
  ) as unknown as Shape;
}

/** A key that may be left out, which is not the same as any value of it. */
export function optional<Shape extends v.GenericSchema>(
  shape: Shape,
  about: About | string,
): v.OptionalSchema<Shape, undefined> {
  return v.optional(needed(shape, about));
}

/** A key with the value that holds where it is left out. */
export function setting<
  Shape extends v.GenericSchema,
  const Fallback extends v.InferInput<Shape>,
>(
  shape: Shape,
  fallback: Fallback,
  about: About | string,
): v.OptionalSchema<Shape, Fallback> {
  return v.optional(
    needed(shape, about),
    fallback as v.InferInput<Shape>,
  ) as unknown as v.OptionalSchema<Shape, Fallback>;
}

/** `90s`, `15m`, `8h` or `7d`. */
export const DurationText = v.pipe(
  v.string(
    'a duration is a number with a unit, such as "90s", "15m", "8h" or "7d"',
  ),
  v.regex(
    /^(?:0|[1-9][0-9]{0,8})(?:s|m|h|d)$/,
    'a duration is a number with a unit, such as "90s", "15m", "8h" or "7d"',
  ),
);

/** What is written as a duration counts in seconds. The words come first: behind it they are lost. */
export const asSeconds = (text: typeof DurationText) =>
  v.pipe(text, v.transform(seconds));

/** A duration with the value that holds where it is left out. */
export const duration = (fallback: string, about: About) =>
  v.optional(asSeconds(needed(DurationText, about)), fallback);

const WRITTEN_LIFETIME = 'a lifetime is "token", or a duration such as "8h"';

/** A duration, or `token`: as long as the token itself. */
export const LifetimeText = v.pipe(
  v.string(WRITTEN_LIFETIME),
  v.regex(/^(?:token|(?:0|[1-9][0-9]{0,8})(?:s|m|h|d))$/, WRITTEN_LIFETIME),
);

const OWN_LIFETIME = "token";

/** `null` for `token`. */
function lifetimeSeconds(text: string): number | null {
  return text === OWN_LIFETIME ? null : seconds(text);
}

/** What is written as a lifetime counts in seconds; the token's own is `null`. */
export const asLifetime = (text: typeof LifetimeText) =>
  v.pipe(text, v.transform(lifetimeSeconds));

const WRITTEN_INSTANT =
  'a time is written like "2027-01-31T00:00:00Z" (RFC 3339): a day that there is, whole seconds, Z or an offset';

/** `2027-01-31T00:00:00Z`, or with an offset. */
export const InstantText = v.pipe(
  v.string(WRITTEN_INSTANT),
  v.regex(INSTANT, WRITTEN_INSTANT),
);

/** What is written as an instant counts in seconds since the epoch. */
export const asInstant = (text: typeof InstantText) =>
  v.pipe(text, v.transform(instantSeconds));

/** One key of a mapping, as its row says. */
interface KeyRow extends About {
  readonly key: string;
  /** Whether it must be there. */
  readonly needed: boolean;
  /** What holds where it is left out; `undefined` where that is not a value. */
  readonly fallback: unknown;
  /** Whether it is written as a duration, and counts in seconds. */
  readonly isDuration: boolean;
  /** The words that it can be, where it is one of a few. */
  readonly words: readonly unknown[];
  /** What `null` is written as; `null` where it is left out. */
  readonly nothing: string | null;
  /** Whether it is written as an instant, and counts in seconds since the epoch. */
  readonly isInstant: boolean;
}

/** The keys of a mapping in the order of their rows; those that nothing is said of are left out. */
export function keyRows(
  schema: { readonly entries: v.ObjectEntries },
): KeyRow[] {
  return Object.entries(schema.entries).flatMap(([key, entry]) => {
    const left = entry.type === "optional"
      ? entry as v.OptionalSchema<v.GenericSchema, unknown>
      : null;
    const shape = left?.wrapped ?? entry;
    const says = v.getDescription(shape);
    if (says === undefined) return [];
    return [{
      key,
      says,
      ...v.getMetadata(shape) as Omit<About, "says">,
      needed: left === null,
      fallback: left?.default,
      words: shape.type === "picklist" && "options" in shape
        ? shape.options as readonly unknown[]
        : [],
      isDuration: isTurnedBy(seconds, shape) ||
        isTurnedBy(lifetimeSeconds, shape),
      nothing: isTurnedBy(lifetimeSeconds, shape) ? OWN_LIFETIME : null,
      isInstant: isTurnedBy(instantSeconds, shape),
    }];
  });
}

function isTurnedBy(turn: unknown, shape: v.GenericSchema): boolean {
  return "pipe" in shape &&
    (shape.pipe as readonly { readonly operation?: unknown }[])
      .some(({ operation }) => operation === turn);
}
