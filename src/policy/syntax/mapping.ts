/**
 * Mappings that are mappings. The schema library takes a list for an object with the keys "0",
 * "1", …, so that `assurance: []` would pass for an assurance that asks for nothing.
 *
 * @module
 */
import * as v from "valibot";

/** A mapping with exactly these keys. */
export function mapping<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, undefined> {
  return refusingLists(v.strictObject(entries));
}

/** A mapping with keys that the author chooses. */
export function record<
  const Key extends v.BaseSchema<
    string,
    string | number | symbol,
    v.BaseIssue<unknown>
  >,
  const Value extends v.GenericSchema,
>(key: Key, value: Value): v.RecordSchema<Key, Value, undefined> {
  return refusingLists(v.record(key, value));
}

function refusingLists<Schema extends v.GenericSchema>(schema: Schema): Schema {
  const run: Schema["~run"] = (dataset, config) => {
    if (!Array.isArray(dataset.value)) return schema["~run"](dataset, config);
    v._addIssue(schema, "type", dataset, config);
    return dataset as unknown as v.FailureDataset<v.BaseIssue<unknown>>;
  };
  return { ...schema, "~run": run };
}
