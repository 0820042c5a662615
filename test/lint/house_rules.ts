/**
 * Rules of this house for `deno lint`: what may be touched where.
 *
 * @module
 */

/** Path of a file below `src/`, or `null` for files elsewhere. */
function sourcePath(filename: string): string | null {
  const at = filename.lastIndexOf("/src/");
  return at < 0 ? null : filename.slice(at + "/src/".length);
}

/** Members of `Deno` that belong to the process as a whole, and who may use them. */
const PROCESS_MEMBERS = new Set(["args", "env", "exit", "exitCode"]);

/** The entry points, and what they share. */
const ENTRIES = new Set(["main.ts", "keys.ts", "process.ts"]);

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "process-in-main": {
      create(context) {
        const path = sourcePath(context.filename);
        if (
          path === null || ENTRIES.has(path) || path.startsWith("build/")
        ) return {};
        return {
          MemberExpression(node) {
            if (
              node.object.type === "Identifier" &&
              node.object.name === "Deno" &&
              node.property.type === "Identifier" &&
              PROCESS_MEMBERS.has(node.property.name)
            ) {
              context.report({
                node,
                message:
                  `"Deno.${node.property.name}" is only for where the program begins`,
                hint: "take it from the Io that is handed in",
              });
            }
          },
        };
      },
    },
    "fetch-in-http": {
      create(context) {
        const path = sourcePath(context.filename);
        if (path === null || path === "issuer/http.ts") return {};
        return {
          CallExpression(node) {
            if (
              node.callee.type === "Identifier" && node.callee.name === "fetch"
            ) {
              context.report({
                node,
                message: '"fetch" is only for src/issuer/http.ts',
                hint:
                  "use a Transport: it has the limits that every request needs",
              });
            }
          },
        };
      },
    },
    "no-static-node-import": {
      create(context) {
        const path = sourcePath(context.filename);
        if (path === null || path.startsWith("build/")) return {};
        return {
          ImportDeclaration(node) {
            const source = String(node.source.value);
            if (node.importKind !== "type" && source.startsWith("node:")) {
              context.report({
                node,
                message:
                  `a static import of "${source}" slows every login down`,
                hint: 'use "await import()" in the function that needs it',
              });
            }
          },
        };
      },
    },
    "pure-folders": {
      create(context) {
        const path = sourcePath(context.filename) ?? "";
        const [, folder] = /^(policy|analysis|report|lib)\//.exec(path) ?? [];
        if (folder === undefined) return {};
        return {
          MemberExpression(node) {
            const { object, property } = node;
            if (
              object.type !== "Identifier" || property.type !== "Identifier"
            ) return;
            const clock = object.name === "Date" && property.name === "now";
            const random = object.name === "Math" && property.name === "random";
            if (object.name === "Deno" || clock || random) {
              context.report({
                node,
                message:
                  `"${object.name}.${property.name}" has no place in src/${folder}`,
                hint: "hand the value in",
              });
            }
          },
        };
      },
    },
  },
};

export default plugin;
