/**
 * Maps that hold a list for each key.
 *
 * @module
 */

/** Adds a value to the list of its key, in place. */
export function addTo<Key, Value>(
  lists: Map<Key, Value[]>,
  key: Key,
  value: Value,
): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
