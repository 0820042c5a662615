/**
 * Inputs that are nearly right: a good one, and a few edits of its members, its lines, its text and
 * of the bytes that go out.
 *
 * @module
 */
import fc from "fast-check";

/** What a target is given, and what is kept of a finding. */
export interface Input {
  /** Text with placeholders (see `World.fill`), before it is encoded or signed. */
  readonly content: string;
  /** Edits of the bytes that come of it. */
  readonly wire: readonly Splice[];
}

/** Takes `remove` bytes or characters away at `at` (modulo the length), and puts `insert` there. */
export interface Splice {
  readonly at: number;
  readonly remove: number;
  /** One character for each byte where bytes are edited. */
  readonly insert: string;
}

export interface Material {
  /** Good inputs: lines of JSON, or plain text. */
  readonly seeds: readonly string[];
  /** Words that mean something here. */
  readonly words: readonly string[];
  /** The lines of a seed are JSON documents, whose members are edited. */
  readonly json?: boolean;
  /** The longest run of one character that is put in, as a power of two; 21 unless given. */
  readonly longest?: number;
}

/** Inputs made of the material. Shrinks towards an untouched seed. */
export function inputs(
  { seeds, words, json = false, longest = 21 }: Material,
) {
  const seed = fc.nat(seeds.length - 1).map((index) => seeds[index] ?? "");
  const members = json ? fc.array(memberEdit(words), { maxLength: 3 }) : none;
  const lines = json ? none : fc.array(lineEdit, { maxLength: 3 });
  const splices = sometimes(
    splice(fc.string({ maxLength: 12 }), { words, longest }),
  );
  const wire = sometimes(splice(bytes, { words: [], longest }));
  return fc.record({ seed, members, lines, splices, wire }).map(
    ({ seed, members, lines, splices, wire }): Input => ({
      content: spliced(
        withLines(withMembers(seed, members), lines),
        splices,
      ),
      wire,
    }),
  );
}

const none = fc.constant<never[]>([]);

/** One in four has any. */
function sometimes<T>(edit: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.oneof(
    { arbitrary: none, weight: 3 },
    { arbitrary: fc.array(edit, { minLength: 1, maxLength: 3 }), weight: 1 },
  );
}

const place = fc.nat(1_000_000);
const bytes = fc.uint8Array({ maxLength: 12 }).map((each) =>
  String.fromCharCode(...each)
);

function splice(
  other: fc.Arbitrary<string>,
  { words, longest }: { words: readonly string[]; longest: number },
): fc.Arbitrary<Splice> {
  const pieces = [
    fc.constant(""),
    other,
    fc.constantFrom("\n", "\0", "\u00e9", "\ufeff", "{", "}", "\u007f", "x"),
    // long enough for every limit that there is, in time and in bytes
    fc.tuple(fc.constantFrom("x", "[", " ", "\n", "9"), fc.nat(longest))
      .map(([text, power]) => text.repeat(2 ** power)),
    ...(words.length === 0 ? [] : [fc.constantFrom(...words)]),
  ];
  return fc.record({
    at: place,
    remove: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(80)),
    insert: fc.oneof(...pieces),
  });
}

/** Plain characters: with bytes, each stands for one. */
export function spliced(text: string, splices: readonly Splice[]): string {
  for (const { at, remove, insert } of splices) {
    const start = at % (text.length + 1);
    text = text.slice(0, start) + insert + text.slice(start + remove);
  }
  return text;
}

const lineEdit = fc.record({
  at: place,
  to: place,
  action: fc.constantFrom("remove", "copy", "move", "indent", "outdent"),
});

function withLines(
  text: string,
  edits: readonly { at: number; to: number; action: string }[],
): string {
  if (edits.length === 0) return text;
  const lines = text.split("\n");
  for (const { at, to, action } of edits) {
    const from = at % Math.max(1, lines.length);
    const line = lines[from] ?? "";
    const target = to % (lines.length + 1);
    switch (action) {
      case "indent":
        lines[from] = `  ${line}`;
        break;
      case "outdent":
        lines[from] = line.replace(/^ {1,2}/, "");
        break;
      case "copy":
        lines.splice(target, 0, line);
        break;
      default:
        lines.splice(from, 1);
        if (action === "move") lines.splice(target, 0, line);
    }
  }
  return lines.join("\n");
}

type Json = unknown;
/** Where a value stands: a member of an object, or of an array. */
type Slot = {
  readonly of: Record<string, Json> | Json[];
  readonly key: string;
};

function memberEdit(words: readonly string[]) {
  const values: fc.Arbitrary<Json>[] = [
    fc.constantFrom<Json>(null, true, false, 0, 1, -1, "", [], {}, 1e308),
    fc.jsonValue({ maxDepth: 2 }),
    ...(words.length === 0 ? [] : [fc.constantFrom<Json>(...words)]),
  ];
  return fc.record({
    at: place,
    from: place,
    action: fc.constantFrom("replace", "remove", "wrap", "copy", "rename"),
    value: fc.oneof(...values),
    name: words.length === 0 ? fc.string() : fc.constantFrom(...words),
  });
}
type MemberEdit = ReturnType<typeof memberEdit> extends fc.Arbitrary<infer T>
  ? T
  : never;

function withMembers(text: string, edits: readonly MemberEdit[]): string {
  if (edits.length === 0) return text;
  const documents: Json[] = text.split("\n").map((line) => JSON.parse(line));
  for (const { at, from, action, value, name } of edits) {
    const slots = slotsOf(documents);
    const slot = slots[at % slots.length];
    const other = slots[from % slots.length];
    if (slot === undefined || other === undefined) break;
    const { of, key } = slot;
    switch (action) {
      case "remove":
        if (Array.isArray(of)) {
          if (of !== documents) of.splice(Number(key), 1);
        } else delete of[key];
        break;
      case "rename":
        if (Array.isArray(of)) break;
        put({ of, key: name }, get(slot));
        delete of[key];
        break;
      case "wrap":
        put(slot, [get(slot)]);
        break;
      case "copy":
        put(slot, structuredClone(get(other)));
        break;
      default:
        put(slot, structuredClone(value));
    }
  }
  return documents.map((each) => JSON.stringify(each) ?? "").join("\n");
}

function slotsOf(value: Json): Slot[] {
  if (value === null || typeof value !== "object") return [];
  const of = value as Slot["of"];
  return Object.entries(of).flatMap(([key, inner]) => [
    { of, key },
    ...slotsOf(inner),
  ]);
}

function get({ of, key }: Slot): Json {
  return (of as Record<string, Json>)[key];
}

function put({ of, key }: Slot, value: Json): void {
  Object.defineProperty(of, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** The text as UTF-8, with the edits of its bytes. */
export function onTheWire(
  text: string,
  wire: readonly Splice[],
): Uint8Array<ArrayBuffer> {
  const encoded = new TextEncoder().encode(text);
  if (wire.length === 0) return encoded;
  let binary = "";
  for (const byte of encoded) binary += String.fromCharCode(byte);
  return Uint8Array.from(spliced(binary, wire), (each) => each.charCodeAt(0));
}
