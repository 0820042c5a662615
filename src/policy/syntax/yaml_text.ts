/**
 * Writing YAML that this program reads back, and that other readers read the same.
 *
 * @module
 */
import { Document, isMap, isPair, isSeq, Scalar, visit } from "yaml";

/** Words that need no quotes in any version of YAML. */
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./@:-]*$/;
const SPECIAL = /^(?:y|yes|n|no|on|off|true|false|null|~|now)$/i;
const DURATION = /^[0-9]+[smhd]$/;

const MAX_FLOW = 72;

/** The value as block YAML with a final newline; short lists and mappings stand on one line. */
export function yamlText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== "string") return;
      const plain = (PLAIN.test(node.value) && !SPECIAL.test(node.value)) ||
        DURATION.test(node.value);
      // "a:b" is plain, "a:" would be a key
      node.type = plain && !node.value.endsWith(":")
        ? Scalar.PLAIN
        : Scalar.QUOTE_DOUBLE;
    },
    Collection(_, node, path) {
      const deep = node.items.some((item) => {
        const inner = isPair(item) ? item.value : item;
        return isMap(inner) ||
          (isSeq(inner) && !isSeq(node) && inner.items.length > 4);
      });
      const short = JSON.stringify(node.toJSON()).length <= MAX_FLOW;
      // an entry of a list stands on one line, a mapping inside a mapping does not
      if (!deep && short && (isSeq(node) || isSeq(path.at(-1)))) {
        node.flow = true;
      }
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
